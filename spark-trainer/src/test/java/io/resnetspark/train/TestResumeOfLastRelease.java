package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.resnetspark.common.Progress;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Json;
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
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Checkpoints of the last release have the recipe in the names of then; the run resumes with today's. */
@Tag("slow")
class TestResumeOfLastRelease extends ThreeColours {
    private static final String BOTH = """
            network = resnet20
            seed = 3
            workers = 2
            steps-per-round = 1
            epochs = 2
            momentum = 0.9
            weight-decay = 1e-4
            data.mean = per-channel
            learning-rate { kind = multistep, initial = 0.01, warm-up-epochs = 0.5 }
            """;

    private static final String NEW = BOTH + """
            batch-size = 8
            weight-decay-norm-and-bias = false
            clip-grad-norm = 5
            data { image-size = 32, augmentation = [{ kind = random-crop, padding = 2 }, { kind = horizontal-flip }] }
            data.evaluation-resize = 32
            learning-rate { milestones = [1], warm-up-start-factor = 0.2 }
            averaging { engine = native, update-dtype = float16, every-step-in-warm-up = false }
            averaging.outer-optimizer { kind = nesterov, learning-rate = 0.7, momentum = 0.9 }
            """;

    private static final String OLD = BOTH + """
            batch = 8
            weight-decay-on = weights
            largest-gradient-norm = 5
            data { crop = 32, augmentation { kind = pad-and-shift, padding = 2 }, colour-noise = 0 }
            data.evaluation-shorter-side = 32
            learning-rate { kind = steps, tenth-at-epochs = [1], warm-up-from = 0.2 }
            averaging { engine = ours, contributions = float16, one-step-in-warm-up = false }
            averaging.outer { kind = nesterov, rate = 0.7, momentum = 0.9 }
            """;

    /** Every round's checkpoint stays. */
    private static final Checkpoints.Policy ALL = new Checkpoints.Policy(1, Duration.ofDays(1), 100);

    private static Path whole;

    @BeforeAll
    static void train() throws Exception {
        prepare(16, 5, 36, 1 << 20);
        whole = folder.resolve("whole");
        training(NEW, whole, false, new ArrayList<>()).run();
    }

    private static Training training(String recipe, Path run, boolean resume, List<String> said) throws IOException {
        TrainingSetup setup = TrainingSetup.of(spark, Recipe.parse(recipe, "small.conf", Map.of()), data);
        return new Training(setup, new RunOptions(RunFolder.of(hadoop(run)), ALL, resume), listening(said));
    }

    private static Progress listening(List<String> said) {
        return new Progress() {
            @Override
            public Step begin(String what, String unit, long total) {
                return Progress.silent().begin(what, unit, total);
            }

            @Override
            public void say(String sentence) {
                said.add(sentence);
            }
        };
    }

    /** A run that was stopped after the fourth of six rounds, as the last release left it. */
    private static Path stopped(String name) throws IOException {
        Path run = folder.resolve(name);
        Path checkpoint = Files.createDirectories(run.resolve("checkpoints/00000004"));
        try (Stream<Path> files = Files.list(whole.resolve("checkpoints/00000004"))) {
            for (Path file : files.toList()) {
                Files.copy(file, checkpoint.resolve(file.getFileName().toString()));
            }
        }
        Path head = checkpoint.resolve("checkpoint.json");
        ObjectNode json = read(head);
        ((ObjectNode) json.get("identity")).put("recipe", OLD);
        Files.write(head, Json.PRETTY.writeValueAsBytes(json));
        Path manifest = checkpoint.resolve("manifest.json");
        ObjectNode digests = read(manifest);
        ((ObjectNode) digests.get("files"))
                .set("checkpoint.json", Json.PRETTY.valueToTree(Digests.of(hadoop(head), new Configuration())));
        Files.write(manifest, Json.PRETTY.writeValueAsBytes(digests));
        return run;
    }

    private static ObjectNode read(Path file) throws IOException {
        return (ObjectNode) Json.PRETTY.readTree(Files.readAllBytes(file));
    }

    @Test
    void resumesWithTodaysNamesBitIdentically() throws Exception {
        resumes("new", NEW);
    }

    @Test
    void resumesWithTheRecipeAsItWasBitIdentically() throws Exception {
        resumes("old", OLD);
    }

    private static void resumes(String name, String recipe) throws Exception {
        Path run = stopped(name);
        List<String> said = new ArrayList<>();
        training(recipe, run, true, said).run();
        assertThat(said).singleElement().asString().contains("checkpoints/00000004, after epoch 1 and 16 of 48 images");
        assertThat(run.resolve("model/weights.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("model/weights.safetensors"));
    }
}
