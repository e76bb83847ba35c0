package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Fence;
import io.resnetspark.storage.LeaseHeldException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run that ended before its time resumes as if it had not. */
@Tag("slow")
class TestResume extends ThreeColours {
    private static final String LIT =
            "[{ kind = random-crop, padding = 2 }, { kind = horizontal-flip }, { kind = pca-lighting, std = 0.1 }]";

    private static final Map<String, String> USUAL =
            Map.of("data.augmentation", LIT, "batch-size", "4", "steps-per-round", "2", "epochs", "3");

    private static final Checkpoints.Policy EVERY_ROUND = new Checkpoints.Policy(1, Duration.ofDays(1), 2);

    private static Path uninterrupted;

    /** As a driver that dies: thrown out of the loop when so many rounds are done. */
    private static final class Death extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @BeforeAll
    static void train() throws Exception {
        prepare(16, 5, 36, 1 << 20);
        uninterrupted = folder.resolve("uninterrupted");
        training(uninterrupted, Map.of(), Progress.silent(), false).run();
    }

    private static Training training(Path run, Map<String, String> overrides, Progress progress, boolean resume)
            throws IOException {
        Recipe recipe = SmallRecipe.with(USUAL, overrides);
        RunOptions options = new RunOptions(RunFolder.of(hadoop(run)), EVERY_ROUND, resume);
        return new Training(TrainingSetup.of(spark, recipe, data), options, progress);
    }

    private static Progress dyingAfter(int rounds, List<String> said) {
        return new Progress() {
            private int done;

            @Override
            public Step begin(String what, String unit, long total) {
                return new Step() {
                    @Override
                    public void reached(long images, String note) {
                        if (what.startsWith("epoch") && ++done > rounds) {
                            throw new Death();
                        }
                    }

                    @Override
                    public void close() {}
                };
            }

            @Override
            public void say(String sentence) {
                said.add(sentence);
            }
        };
    }

    private static Path dead(String name, int... rounds) throws IOException {
        Path run = folder.resolve(name);
        for (int i = 0; i < rounds.length; i++) {
            Training training = training(run, Map.of(), dyingAfter(rounds[i], new ArrayList<>()), i > 0);
            assertThatThrownBy(training::run).isInstanceOf(Death.class);
        }
        return run;
    }

    /** 48 images: three rounds an epoch. It dies in the first, at the end of the second and in the third epoch. */
    @Test
    void goesOnToTheSameBits() throws Exception {
        Path run = dead("died", 1, 4, 2);
        List<String> said = new ArrayList<>();
        training(run, Map.of(), dyingAfter(100, said), true).run();
        assertThat(said).hasSize(1);
        assertThat(said.get(0)).contains("checkpoints/00000007, after epoch 2 and 16 of 48 images of the next.");
        assertThat(run.resolve("model/weights.safetensors"))
                .hasSameBinaryContentAs(uninterrupted.resolve("model/weights.safetensors"));
        assertThat(metrics(run)).hasSize(9 + 3 + 3).isEqualTo(metrics(uninterrupted));
    }

    /** As a lease that another process has taken over: nothing that is written now may appear. */
    @Test
    void whoeverLostItsRightsLeavesNoCheckpointAndNoModel() throws Exception {
        Path run = folder.resolve("fenced");
        AtomicInteger looks = new AtomicInteger();
        Fence lost = new Fence() {
            @Override
            public String token() {
                return "lease7-";
            }

            @Override
            public void check() {
                if (looks.incrementAndGet() > 6) { // three of a checkpoint: before it, at its end, before others go
                    throw new LeaseHeldException("lost");
                }
            }
        };
        Recipe recipe = SmallRecipe.with(USUAL, Map.of());
        RunFolder fenced = new RunFolder(hadoop(run), lost);
        Training training = new Training(
                TrainingSetup.of(spark, recipe, data), new RunOptions(fenced, EVERY_ROUND, false), Progress.silent());
        assertThatThrownBy(training::run).isInstanceOf(LeaseHeldException.class).hasMessage("lost");
        assertThat(run.resolve("checkpoints").toFile().list()).containsExactlyInAnyOrder("00000001", "00000002");
        assertThat(run.resolve("model")).doesNotExist();

        training(run, Map.of(), Progress.silent(), true).run();
        assertThat(run.resolve("model/weights.safetensors"))
                .hasSameBinaryContentAs(uninterrupted.resolve("model/weights.safetensors"));
    }

    /**
     * Momentum that workers keep, what rounding took, the outer velocity or updates that are averaged a round late, and
     * statistics taken anew at the end.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"averaging.outer | { kind = slow-momentum, rate = 1, momentum = 0.5 }", "averaging.overlap | true"
            })
    void whatWorkersAndTheOuterStepRememberIsKeptToo(String key, String value) throws Exception {
        Map<String, String> everything = Map.of(
                "averaging.momentum",
                "local",
                "averaging.update-dtype",
                "float16",
                key,
                value,
                "precise-batch-norm",
                "30");
        Path whole = folder.resolve("whole-" + key);
        training(whole, everything, Progress.silent(), false).run();
        Path run = folder.resolve("in-parts-" + key);
        assertThatThrownBy(training(run, everything, dyingAfter(4, new ArrayList<>()), false)::run)
                .isInstanceOf(Death.class);
        training(run, everything, Progress.silent(), true).run();
        assertThat(run.resolve("model/weights.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("model/weights.safetensors"));
        assertThat(metrics(run)).isEqualTo(metrics(whole));
    }

    @Test
    void goesOnWithOtherWorkersAndMissesNoImage() throws Exception {
        Path run = dead("fewer", 4);
        List<String> said = new ArrayList<>();
        training(run, Map.of("workers", "3", "batch-size", "3"), dyingAfter(100, said), true)
                .run();
        assertThat(said.get(0))
                .contains("after epoch 1 and 16 of 48 images of the next, with 3 workers where there were 2");
        long images = metrics(run).stream()
                .filter(line -> line.contains("\"round\""))
                .mapToLong(line -> Long.parseLong(line.replaceAll(".*\"images\":(\\d+).*", "$1")))
                .sum();
        assertThat(images).isEqualTo(3 * 48);
    }

    /** What people look at while it runs tells the same as the model's own record. */
    @Test
    void reportsWhileItRuns() throws Exception {
        Path run = dead("watched", 4);
        assertThat(Files.readAllLines(run.resolve("metrics.jsonl"))).hasSizeBetween(6, 7);
        training(run, Map.of(), Progress.silent(), true).run();
        assertThat(Files.readAllLines(run.resolve("metrics.jsonl")))
                .isEqualTo(Files.readAllLines(run.resolve("model/metrics.jsonl")));
        assertThat(Files.size(run.resolve("tensorboard/events.out.tfevents.resnet-spark")))
                .isGreaterThan(12 * 100);
    }

    /** Without the times. */
    private static List<String> metrics(Path run) throws IOException {
        return Files.readAllLines(run.resolve("model/metrics.jsonl")).stream()
                .map(line -> line.replaceAll("\"(seconds|\\w+_per_second|\\w+_seconds)\":[^,}]+", ""))
                .toList();
    }

    @Test
    void keepsTheNewestAndTheBest() throws Exception {
        Path run = dead("kept", 8);
        assertThat(names(run)).endsWith("00000007", "00000008").hasSizeBetween(2, 3);
        Files.createDirectories(run.resolve("checkpoints/.00000009.writing-half"));
        training(run, Map.of(), Progress.silent(), true).run();
        assertThat(names(run)).contains("00000008", "00000009").doesNotContain("00000007");
        assertThat(run.resolve("checkpoints/.00000009.writing-half")).doesNotExist();
    }

    private static List<String> names(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void passesOverADamagedCheckpoint() throws Exception {
        Path run = dead("damaged", 5); // 4 and 5 are the newest, 3 the best: the end of an epoch
        Files.delete(run.resolve("checkpoints/00000005/velocity.f32"));
        Files.createDirectories(run.resolve("checkpoints/00000077"));
        Files.writeString(run.resolve("checkpoints/00000003/checkpoint.json"), "not any more");
        List<String> said = new ArrayList<>();
        training(run, Map.of(), dyingAfter(100, said), true).run();
        assertThat(said).hasSize(3);
        assertThat(said.get(0)).contains("00000077").contains("manifest.json is missing");
        assertThat(said.get(1)).contains("00000005").contains("velocity.f32 is missing");
        assertThat(names(run)).endsWith("00000008", "00000009");
        assertThat(run.resolve("model/weights.safetensors"))
                .hasSameBinaryContentAs(uninterrupted.resolve("model/weights.safetensors"));
    }

    @Test
    void refusesWhenNoneIsWhole() throws Exception {
        Path run = dead("broken", 2);
        for (String name : names(run)) {
            Files.writeString(run.resolve("checkpoints/" + name + "/parameters.f32"), "no floats");
        }
        assertThatThrownBy(() -> training(run, Map.of(), Progress.silent(), true))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("parameters.f32");
    }

    @Test
    void refusesAnotherRecipeAndSaysWhatDiffers() throws Exception {
        Path run = dead("other", 1);
        assertThatThrownBy(() -> training(run, Map.of("momentum", "0.8"), Progress.silent(), true))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("the recipe's momentum was 0.9 and is 0.8");
        assertThatThrownBy(() -> training(run, Map.of(), Progress.silent(), false))
                .isInstanceOf(BadInputException.class)
                .extracting("remedies", LIST)
                .containsExactly(Remedy.of(Remedy.Kind.RESUME), Remedy.of(Remedy.Kind.OTHER_OUTPUT));
    }

    /** Also with other workers, as a run that goes on may have; and it is of no account where its data lies now. */
    @Test
    void aFinishedRunIsCompleteForTheSameCommandAlone() throws Exception {
        assertThat(isComplete(uninterrupted, data, Map.of())).isTrue();
        assertThat(isComplete(uninterrupted, data, Map.of("workers", "1", "batch-size", "8")))
                .isTrue();
        assertThat(isComplete(folder.resolve("nothing"), data, Map.of())).isFalse();
        Map.of(
                        "network", "was resnet20 and is resnet32",
                        "epochs", "was 3 and is 32",
                        "data.evaluation-protocols", "was [] and is [ten-crop]")
                .forEach((key, difference) -> assertThatThrownBy(() ->
                                isComplete(uninterrupted, data, Map.of(key, difference.replaceFirst(".* is ", ""))))
                        .isInstanceOf(BadInputException.class)
                        .hasMessageContaining("the recipe's " + key + " " + difference)
                        .extracting("remedies", LIST)
                        .containsExactly(
                                Remedy.of(Remedy.Kind.OTHER_OUTPUT),
                                Remedy.of(
                                        Remedy.Kind.START_FROM,
                                        new org.apache.hadoop.fs.Path(hadoop(uninterrupted), "model").toString())));
        Dataset.Opened other = new Dataset.Opened(data.path(), data.dataset(), "f".repeat(64));
        assertThatThrownBy(() -> isComplete(uninterrupted, other, Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("dataset.json was " + data.digest());
    }

    @Test
    void aFinishedRunWithAnotherNumberOfThreadsIsAnother() throws Exception {
        Path run = folder.resolve("threads");
        Files.createDirectories(run);
        try (Stream<Path> files = Files.walk(uninterrupted.resolve("model"))) {
            for (Path file : files.toList()) {
                Files.copy(file, run.resolve(uninterrupted.relativize(file).toString()));
            }
        }
        Path manifest = run.resolve("model/manifest.json");
        Files.writeString(
                manifest,
                Files.readString(manifest)
                        .replaceFirst("\"threads_per_worker\" : \\d+", "\"threads_per_worker\" : 77"));
        assertThatThrownBy(() -> isComplete(run, data, Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("a worker had 77 threads");
        Files.writeString(run.resolve("model/recipe.conf"), "epochs = 3");
        assertThatThrownBy(() -> isComplete(run, data, Map.of()))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("recipe.conf");
    }

    private static boolean isComplete(Path run, Dataset.Opened dataset, Map<String, String> overrides)
            throws IOException {
        return Training.isComplete(spark, SmallRecipe.with(USUAL, overrides), dataset, RunFolder.of(hadoop(run)));
    }

    @Test
    void refusesPoliciesThatCannotBe() {
        assertThatThrownBy(() -> new Checkpoints.Policy(0, Duration.ofMinutes(1), 0))
                .hasMessageContaining("at least one is kept");
    }
}
