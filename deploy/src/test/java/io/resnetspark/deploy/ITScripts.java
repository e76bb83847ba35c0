package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.Json;
import io.resnetspark.tracking.MlflowRecorder;
import io.resnetspark.train.SmallRecipe;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** scripts/resnet as a person uses it, on this machine. */
class ITScripts {
    @TempDir
    Path folder;

    private Ended resnet(String... arguments) throws Exception {
        return Command.run(Map.of(), "scripts/resnet", arguments);
    }

    /** The same in half of the time, where it does not matter how the JVM compiles. */
    private Ended quick(String... arguments) throws Exception {
        return Command.run(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", arguments);
    }

    /** Names with a space and beyond ASCII, as people have them. */
    private String at(String name) {
        return folder.resolve("my größte").resolve(name).toString();
    }

    @Test
    void fromPhotographsToAnAnswer() throws Exception {
        SyntheticCorpora.folders(Path.of(at("corpus")), 40, 10, 36);
        Ended prepared = resnet("prepare", "--from", at("corpus"), "--output", at("data"))
                .ok();
        assertThat(prepared.out()).contains("120 images to train on, 30 to validate on, 3 classes");
        assertThat(prepared.err()).contains("check: 150 of 150 images");

        String recipe = SmallRecipe.write(Path.of(at("small.conf"))).toString();
        Ended trained;
        try (MlflowRecorder mlflow = new MlflowRecorder()) {
            trained = resnet(
                            "train",
                            recipe,
                            "--data",
                            at("data"),
                            "--output",
                            at("run"),
                            "--set",
                            "seed=5",
                            "--mlflow",
                            mlflow.uri())
                    .ok();
            assertThat(mlflow.runs).singleElement().satisfies(run -> {
                assertThat(run.status).isEqualTo("FINISHED");
                assertThat(run.parameters).containsEntry("seed", "5");
                assertThat(run.metrics.get("evaluation/top1_error")).hasSize(8);
            });
        }
        assertThat(trained.out()).contains(at("run") + "/model").contains("top-1");
        assertThat(trained.err())
                .contains("seed = 5")
                .doesNotContain("quorum")
                .contains("epoch 8/8: 120 of 120 images")
                .contains("loss");

        resnet("evaluate", at("run"), "--data", at("data"), "--output", at("evaluation.json"))
                .ok();
        JsonNode evaluation =
                Json.COMPACT.readTree(Path.of(at("evaluation.json")).toFile());
        assertThat(evaluation.get("count").asInt()).isEqualTo(30);
        assertThat(evaluation.get("top1_error").asDouble()).isLessThan(0.2);
        assertThat(evaluation.get("protocol").asText()).isEqualTo("one-crop");

        Ended predicted = resnet("predict", at("run"), at("corpus/val/red/40.png"), "--top-k", "1")
                .ok();
        assertThat(predicted.out()).contains("red");

        Ended extracted = resnet("data", "extract", at("data"), "--count", "2", "--output", at("images"))
                .ok();
        assertThat(extracted.out().lines())
                .hasSize(2)
                .allSatisfy(file -> assertThat(Path.of(file)).exists());
    }

    /** Cron, containers and ssh start us in LC_ALL=C, where Java knows no letter beyond ASCII. */
    @Test
    void theLocaleDoesNotDecideWhatACorpusIs() throws Exception {
        int written = 0;
        for (String name : List.of("cat", "dog", "été")) {
            Files.createDirectories(folder.resolve("corpus").resolve(name));
            for (int i = 0; i < 12; i++) {
                byte[] image = ImageCodec.png(SyntheticImages.ofClass(i % 3, 24, 20, written++));
                Files.write(folder.resolve("corpus").resolve(name).resolve("plage à Nice " + i + ".jpg"), image);
            }
        }
        Map<String, String> ascii = Map.of("LC_ALL", "C", "RESNET_JAVA_OPTS", StandaloneCluster.SHORT_JVM);
        Ended prepared = Command.run(
                        ascii, "scripts/resnet", "prepare", "--from", at("../corpus"), "--output", at("data"))
                .ok();
        assertThat(prepared.out()).contains("3 classes");
        JsonNode dataset =
                Json.COMPACT.readTree(Command.run(ascii, "scripts/resnet", "data", "describe", at("data"), "--json")
                        .ok()
                        .out());
        assertThat(dataset.get("classes").get(2).asText()).isEqualTo("été");
        int found = 0;
        for (JsonNode split : dataset.get("images")) {
            for (JsonNode images : split) {
                found += images.asInt();
            }
        }
        assertThat(found).isEqualTo(written);
    }

    /** In a process of its own, whose peak is this network's. */
    @Test
    void trainingTakesTheMemoryThatWasEstimated() throws Exception {
        String[] words = {"--network", "resnet18", "--batch-size", "8", "--json"};
        JsonNode estimate =
                Json.COMPACT.readTree(resnet(with("networks", words)).ok().out());
        double estimated = 0;
        for (JsonNode part : estimate) {
            estimated += part.asDouble() / (1 << 20);
        }
        JsonNode measured =
                Json.COMPACT.readTree(resnet(with("bench train", words)).ok().out());
        assumeThat(measured.get("peak_resident_mib").asInt()).isPositive();
        assertThat(measured.get("peak_resident_mib").asDouble()).isBetween(0.8 * estimated, 1.25 * estimated);
    }

    /** By SIGTERM, and by kill -9, at whatever instant that is. */
    @Test
    void aRunThatIsKilledGoesOnToTheSameBits() throws Exception {
        SyntheticCorpora.folders(Path.of(at("corpus")), 40, 10, 36);
        quick("prepare", "--from", at("corpus"), "--output", at("data")).ok();
        String recipe = SmallRecipe.write(Path.of(at("small.conf"))).toString();
        quick("train", recipe, "--data", at("data"), "--output", at("whole")).ok();

        String[] train = {
            "train", recipe, "--data", at("data"), "--output", at("run"), "--resume", "--checkpoint-rounds", "1"
        };
        assertThat(endedAfterRound(3, Process::destroy, train)).isEqualTo(128 + 15);
        assertThat(endedAfterRound(11, Process::destroyForcibly, train)).isEqualTo(128 + 9);
        Ended resumed = quick(train).ok();
        assertThat(resumed.err()).contains("Resumes from");
        assertThat(Path.of(at("run/model/weights.safetensors")))
                .hasSameBinaryContentAs(Path.of(at("whole/model/weights.safetensors")));

        assertThat(quick(train).ok().out()).contains("is complete already");
        Ended longer = quick(
                Stream.concat(Stream.of(train), Stream.of("--set", "epochs=9")).toArray(String[]::new));
        assertThat(longer.code()).isEqualTo(2);
        assertThat(longer.err()).contains("the recipe's epochs was 8 and is 9").contains("Name another --output");
    }

    /** Starts a command, ends it once there is a checkpoint of this round or a later one, and gives its exit code. */
    private int endedAfterRound(long round, Consumer<Process> end, String... command) throws Exception {
        Process process = Command.of(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        String[] names = {};
        while (process.isAlive()
                && Stream.of(names).noneMatch(name -> name.matches("\\d+") && Long.parseLong(name) >= round)) {
            Thread.sleep(10);
            String[] found = new File(at("run/checkpoints")).list();
            names = found == null ? names : found;
        }
        end.accept(process);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    /** One sentence, and nothing of what Spark says when it ends. */
    @Test
    void whoeverEndsACommandIsToldHowToGoOn() throws Exception {
        SyntheticCorpora.folders(Path.of(at("corpus")), 40, 10, 36);
        String[] prepare = {"prepare", "--from", at("corpus"), "--output", at("data")};
        Ended prepared = signalled("TERM", new File(at(".data.preparing"))::exists, prepare);
        assertThat(prepared.code()).isEqualTo(128 + 15);
        assertThat(prepared.err()).contains("resnet: Stopped. The same command resumes where it stopped.");
        quick(prepare).ok();
        assertThat(new File(at("")).list()).containsExactlyInAnyOrder("corpus", "data");

        String recipe = SmallRecipe.write(Path.of(at("small.conf"))).toString();
        String[] train = {"train", recipe, "--data", at("data"), "--set", "epochs=1000", "--output"};
        Ended before = signalled("INT", new File(at("run/metrics.jsonl"))::exists, and(train, at("run")));
        assertThat(before.code()).isEqualTo(128 + 2);
        assertThat(before.err().lines().filter(line -> line.startsWith("resnet: Stopped")))
                .hasSize(1);
        Ended trained = signalled("TERM", new File(at("run2/checkpoints"))::exists, and(train, at("run2")));
        assertThat(trained.code()).isEqualTo(128 + 15);
        assertThat(trained.err())
                .contains("resnet: Stopped. The newest checkpoint is ")
                .contains("the same command with --resume resumes from it.");
        for (Ended ended : new Ended[] {prepared, before, trained}) {
            assertThat(ended.err()).doesNotContain("\tat ", "Exception", "ERROR", "WARN", "--stacktrace");
        }
    }

    private static String[] and(String[] words, String last) {
        return Stream.concat(Stream.of(words), Stream.of(last)).toArray(String[]::new);
    }

    /** Starts a command and sends it a signal as soon as something is so. */
    private Ended signalled(String signal, BooleanSupplier reached, String... command) throws Exception {
        File err = folder.resolve("err").toFile();
        ProcessBuilder builder = Command.of(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(err);
        // Who started the tests in the background of a shell has made them deaf to SIGINT.
        builder.command().addAll(0, List.of("env", "--default-signal=INT"));
        Process process = builder.start();
        while (process.isAlive() && !reached.getAsBoolean()) {
            Thread.sleep(10);
        }
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), "", Files.readString(err.toPath()));
    }

    @Test
    void otherJavasAreRefusedBeforeAnythingStarts() throws Exception {
        for (String script : List.of("scripts/resnet", "scripts/submit")) {
            for (String version : List.of("11.0.22", "25.0.3", "1.8.0_392")) {
                Path home = java(version);
                Ended ended = Command.run(Map.of("JAVA_HOME", home.toString()), script, "networks");
                assertThat(ended.code()).isEqualTo(5);
                assertThat(ended.err())
                        .contains("This needs Java 17 or 21. Found ")
                        .contains(home.toString());
            }
        }
    }

    /** A Java that ends with 99 if it is started, beside a file that says which it is, as JDKs have it. */
    private Path java(String version) throws Exception {
        Path home = Files.createDirectories(folder.resolve("java-" + version));
        Path java = Files.createDirectories(home.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nexit 99\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static String[] with(String command, String... words) {
        return Stream.concat(Stream.of(command.split(" ")), Stream.of(words)).toArray(String[]::new);
    }

    @Test
    void badInputEndsWithTwoAndASentence() throws Exception {
        Ended ended = quick("train", at("none.conf"), "--data", at("data"), "--output", at("run"));
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).startsWith("resnet: There is no recipe at").doesNotContain("\tat ");
        assertThat(folder.toFile().list()).isEmpty();
    }
}
