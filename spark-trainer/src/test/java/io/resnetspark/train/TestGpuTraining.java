package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Progress;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.GpuEmulator;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.evaluate.EvaluationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whole runs on a software card, where a run on the CPU and one on a GPU must come to the same. */
class TestGpuTraining extends ThreeColours {
    private static final Map<String, String> USUAL = Map.of(
            "data.image-size", "16",
            "data.evaluation-resize", "16",
            "workers", "1",
            "batch-size", "6",
            "steps-per-round", "2",
            "epochs", "2");

    private static final String[] ON_GPU = {"kernels", "cuda", "precision", "float32"};

    private static final Checkpoints.Policy USUAL_CHECKPOINTS = new Checkpoints.Policy(1, Duration.ofDays(1), 2);

    private GpuEmulator card;

    @BeforeAll
    static void prepareCorpus() throws IOException {
        prepare(4, 2, 16, 1 << 20);
    }

    @BeforeEach
    void findACard() {
        card = GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
    }

    /** Or the classes after this one would train on it. */
    @AfterAll
    static void hideTheCard() {
        System.clearProperty("resnet.cuda.path");
        if (GpuEmulator.directory().isPresent()) {
            GpuEmulator.orSkip().set("devices", 0);
        }
    }

    private static Training training(Path run, Progress progress, boolean resume, String... overrides)
            throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < overrides.length; i += 2) {
            map.put(overrides[i], overrides[i + 1]);
        }
        return new Training(
                TrainingSetup.of(spark, SmallRecipe.with(USUAL, map), data),
                new RunOptions(RunFolder.of(hadoop(run)), USUAL_CHECKPOINTS, resume),
                progress);
    }

    private static EvaluationResult trained(String run, String... overrides) throws Exception {
        return training(folder.resolve(run), Progress.silent(), false, overrides)
                .run()
                .evaluation();
    }

    /** Precise statistics, several minibatches a step and Nesterov included: all that workers ask of a network. */
    @Test
    void aRunOnAGpuComesToTheLossOfTheCpu() throws Exception {
        String[] more = {"global-batch-size", "12", "batch-size", "3", "nesterov", "true", "precise-batch-norm", "12"};
        EvaluationResult onCpu = trained("cpu", with(more, "kernels", "onednn"));
        long launches = card.calls("cuGraphLaunch");
        EvaluationResult onGpu = trained("gpu", with(more, ON_GPU));
        assertThat(card.calls("cuGraphLaunch")).isGreaterThan(launches);
        assertThat(onGpu.crossEntropy()).isCloseTo(onCpu.crossEntropy(), within(1e-3));
        assertThat(lastLoss("gpu")).isCloseTo(lastLoss("cpu"), within(1e-3));
        ModelArtifact model = ModelArtifact.open(hadoop(folder.resolve("gpu/model")), spark.hadoopConfiguration());
        assertThat(model.description().provenance().backend())
                .startsWith("CUDA on GPU 0, ")
                .contains("float32");
    }

    private static String[] with(String[] all, String... more) {
        String[] both = Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, both, all.length, more.length);
        return both;
    }

    /** The training loss of the last round. */
    private static double lastLoss(String run) throws IOException {
        return Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl")).stream()
                .map(TrainedRun::json)
                .filter(line -> line.has("loss"))
                .reduce((first, second) -> second)
                .orElseThrow()
                .get("loss")
                .asDouble();
    }

    /** From a checkpoint of the CPU to the GPU and back: rounds 1 and 4 on the CPU, 2 and 3 on the GPU. */
    @Test
    void aRunGoesOnFromTheCpuOnAGpuAndBack() throws Exception {
        // A rate at which the loss stays small: where it gets to 11, roundings of two kernels move it by thousandths.
        String[] fourRounds = {"steps-per-round", "1", "learning-rate.initial", "0.001"};
        EvaluationResult whole = trained("whole", with(fourRounds, "kernels", "onednn"));
        Path run = folder.resolve("moved");
        Training onCpu = training(run, new Ending(1), false, with(fourRounds, "kernels", "onednn"));
        assertThatThrownBy(onCpu::run).isInstanceOf(Ending.Ended.class);
        assertThat(card.calls("cuLaunchKernel")).isZero();
        Training onGpu = training(run, new Ending(2), true, with(fourRounds, ON_GPU));
        assertThatThrownBy(onGpu::run).isInstanceOf(Ending.Ended.class);
        assertThat(card.calls("cuLaunchKernel")).isPositive();
        EvaluationResult moved = training(run, Progress.silent(), true, with(fourRounds, "kernels", "nd4j"))
                .run()
                .evaluation();
        assertThat(moved.crossEntropy()).isCloseTo(whole.crossEntropy(), within(1e-3));
    }

    /** Throws out of the loop when so many rounds are done. */
    private static final class Ending implements Progress {
        private final int rounds;
        private int done;

        Ending(int rounds) {
            this.rounds = rounds;
        }

        private static final class Ended extends RuntimeException {
            private static final long serialVersionUID = 1;
        }

        @Override
        public Step begin(String what, String unit, long total) {
            return new Step() {
                @Override
                public void reached(long images, String note) {
                    if (what.startsWith("epoch") && ++done > rounds) {
                        throw new Ended();
                    }
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void say(String sentence) {}
    }

    @Test
    void whatAGpuHasNoRoomForIsRefusedBeforeAnythingIsBuilt() {
        card.set("memory", card.used() + (80 << 20));
        assertThatThrownBy(() -> trained("large", "kernels", "cuda", "batch-size", "4096"))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("resnet20 with a batch of 4,096 needs some")
                .hasMessageContaining("of GPU 0's memory")
                .hasMessageContaining("would fit.");
    }

    /** Never the CPU in its place. */
    @Test
    void aGpuThatIsAskedForAndIsNotThereEndsTheRun() {
        card.set("devices", 0);
        assertThatThrownBy(() -> trained("none", "kernels", "cuda"))
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageContaining("There is no GPU 0");
        card.set("devices", 1);
        card.set("major", 7);
        card.set("minor", 5);
        assertThatThrownBy(() -> trained("old", "kernels", "cuda", "precision", "bfloat16"))
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageContaining("bfloat16 needs 8.0");
    }

    /** What a card reports ends the task with its words. */
    @Test
    void aFaultOfTheCardEndsTheRunWithItsWords() {
        card.fail("cuGraphLaunch", 2, 700);
        assertThatThrownBy(() -> trained("faulty", ON_GPU))
                .hasStackTraceContaining(
                        "cuGraphLaunch failed with status 700: an illegal memory access was encountered");
    }
}
