package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.worker.ArrayPool;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.ImageReader;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerReport;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Rounds on Spark, against what they should be computed by hand. */
class TestAveraging extends SmallRuns {
    @ParameterizedTest
    @ValueSource(strings = {"2", "9"})
    void sameRunSameBits(String workers) throws IOException {
        TrainingState first = epoch(plan("workers", workers));
        TrainingState second = epoch(plan("workers", workers));
        assertThat(second.parameters()).isEqualTo(first.parameters());
        assertThat(second.velocity()).isEqualTo(first.velocity());
    }

    @Test
    void roundsOfOneWorkerCutNothingOff() throws IOException {
        TrainingState many = epoch(plan("workers", "1", "steps-per-round", "1"));
        TrainingState one = epoch(plan("workers", "1", "steps-per-round", "100"));
        assertThat(one.iteration()).isEqualTo(11);
        assertThat(many.iteration()).isEqualTo(11);
        assertThat(difference(one.velocity(), many.velocity())).isLessThan(1e-4);
        assertThat(difference(one.parameters(), many.parameters())).isLessThan(1e-5);
    }

    @Test
    void averagesWhatTheWorkersDid() throws IOException {
        TrainingPlan plan = plan();
        TrainingState state = start(plan);
        LocalSteps steps = new LocalSteps(plan);
        WorkerUpdate first = update(steps, state, 0);
        WorkerUpdate second = update(steps, state, 1);
        Round round = averaging(plan).round(state);
        assertThat(round.examples()).isEqualTo(32);
        assertThat(first.parameters().array()).isNotEqualTo(second.parameters().array());
        float[] expected = mean(first.parameters().array(), second.parameters().array());
        StatisticsLayout layout = StatisticsLayout.of(plan.graph());
        layout.assignMoments(
                expected,
                mean(
                        layout.moments(first.parameters().array()),
                        layout.moments(second.parameters().array())));
        assertThat(round.state().parameters()).isEqualTo(expected);
        assertThat(round.state().velocity())
                .isEqualTo(mean(first.velocity().array(), second.velocity().array()));
    }

    private static float[] mean(float[] a, float[] b) {
        float[] mean = new float[a.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) ((16.0 * a[i] + 16.0 * b[i]) / 32);
        }
        return mean;
    }

    private static double[] mean(double[] a, double[] b) {
        double[] mean = new double[a.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = 16 * a[i] / 32 + 16 * b[i] / 32;
        }
        return mean;
    }

    @Test
    void sumsOverAnEpochCountEveryImageOnce() throws IOException {
        for (int workers : new int[] {1, 2, 3, 5}) {
            TrainingPlan plan = plan("workers", String.valueOf(workers));
            ParameterAveraging averaging = averaging(plan);
            TrainingState state = start(plan);
            long examples = 0;
            while (state.work().remaining() > 0) {
                Round round = averaging.round(state);
                examples += round.examples();
                state = round.state();
            }
            assertThat(examples).as("%s workers", workers).isEqualTo(81);
            int longestPart = (81 + workers - 1) / workers;
            assertThat(state.iteration()).isEqualTo((longestPart + 7) / 8);
        }
    }

    /** Without momentum and decay, a step is the rate times the gradient: in the second epoch, a tenth. */
    @Test
    void workersFollowTheSchedule() throws IOException {
        TrainingPlan dropping = plan("momentum", "0", "weight-decay", "0", "workers", "1", "steps-per-round", "1");
        TrainingPlan constant = plan(
                "momentum",
                "0",
                "weight-decay",
                "0",
                "workers",
                "1",
                "steps-per-round",
                "1",
                "learning-rate.milestones",
                "[1000]");
        TrainingState before = start(dropping);
        TrainingState second = before.with(dropping.work(1));
        Round dropped = averaging(dropping).round(second);
        assertThat(dropped.rate()).isEqualTo(0.05 * 0.1);
        float[] small = dropped.state().velocity();
        float[] large = averaging(constant).round(second).state().velocity();
        for (int i = 0; i < small.length; i++) {
            assertThat(small[i] * 10).isCloseTo(large[i], within(1e-6f + 1e-3f * Math.abs(large[i])));
        }
        assertThat(norm(large)).isGreaterThan(1e-3);
    }

    /** DL4J's own averaging does the same with its defaults mended, where examples divide and the rate stands still. */
    @Test
    void agreesWithDl4jsOwnAveraging() throws IOException {
        TrainingPlan plan = plan("steps-per-round", "1");
        TrainingState state = start(plan);
        Round dl4js = new Dl4jAveraging(spark, plan, plan.graph()).round(state);
        assertThat(dl4js.examples()).isEqualTo(16);
        assertThat(dl4js.steps()).isEqualTo(1);
        assertThat(dl4js.rate()).isEqualTo(0.05);

        Round round = averaging(plan).round(state);
        assertThat(dl4js.loss()).isCloseTo(round.loss(), within(1e-5));
        TrainingState ours = round.state();
        assertThat(dl4js.state().work()).isEqualTo(ours.work());
        float[] theirs = dl4js.state().parameters();
        StatisticsLayout statistics = StatisticsLayout.of(plan.graph());
        for (StatisticsLayout.Run run : statistics.runs()) {
            // A variance is a moment to us and one more parameter to DL4J.
            System.arraycopy(ours.parameters(), run.variance(), theirs, run.variance(), run.channels());
        }
        assertThat(difference(theirs, ours.parameters())).isLessThan(1e-6);
        assertThat(difference(dl4js.state().velocity(), ours.velocity())).isLessThan(1e-5);
    }

    /**
     * The same images on every worker: then K workers are one worker with a K times larger batch, BN included; but
     * the factor n / (n - 1) of running variances is that of a worker's n.
     */
    @Test
    void workersWithTheSameImagesAreOneWorkerWithALargerBatch() throws IOException {
        Path corpus = folder.resolve("same");
        byte[] image = io.resnetspark.image.ImageCodec.png(io.resnetspark.image.SyntheticImages.ofClass(1, 32, 32, 5));
        for (String name : new String[] {"a", "b"}) {
            for (int i = 0; i < 8; i++) {
                Path file = corpus.resolve("train").resolve(name).resolve(i + ".png");
                java.nio.file.Files.createDirectories(file.getParent());
                java.nio.file.Files.write(file, image);
                if (i == 0) {
                    java.nio.file.Files.createDirectories(corpus.resolve("val").resolve(name));
                }
            }
        }
        Dataset.Opened all = data;
        try {
            data = SyntheticCorpora.prepare(
                    spark, corpus, folder.resolve("same-data").toUri().toString(), 1 << 20);
            String[] still = {
                "data.augmentation",
                "[{ kind = resize, shorter-side = 32 }, { kind = center-crop }]",
                "steps-per-round",
                "1"
            };
            TrainingPlan two = plan(with(still, "workers", "2", "batch-size", "8"));
            TrainingPlan one = plan(with(still, "workers", "1", "batch-size", "16"));
            TrainingState start = start(one);
            TrainingState averaged =
                    averaging(two).round(start.with(two.work(0))).state();
            TrainingState whole = averaging(one).round(start).state();
            float[] expected = withVariancesOf(8, whole.parameters(), 16, start.parameters(), one.graph());
            assertThat(difference(expected, averaged.parameters())).isLessThan(1e-5);
            assertThat(difference(whole.velocity(), averaged.velocity())).isLessThan(1e-3);
            assertThat(difference(start.parameters(), averaged.parameters())).isGreaterThan(1e-3);
        } finally {
            data = all;
        }
    }

    @Test
    void saysWhereTheLossIsNoNumberAnyMore() throws IOException {
        TrainingPlan plan = plan("learning-rate.initial", "100", "weight-decay", "1");
        TrainingState state = start(plan);
        java.util.Arrays.fill(state.parameters(), Float.NaN);
        assertThatThrownBy(() -> averaging(plan).round(state))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining(
                        "The loss became NaN, or a parameter NaN, in the round from image 1 of epoch 1 on")
                .hasMessageContaining("learning-rate.initial");
    }

    /** What Spark adds is nothing: the same as a loop over a graph, to the last bit. */
    @Test
    void oneWorkerIsALoop() throws IOException {
        TrainingPlan plan = plan("workers", "1");
        TrainingState start = start(plan);
        NetworkGraph graph = plan.graph();
        LocalSteps.load(start, graph);
        ImageReader reader = new ImageReader(plan, spark.hadoopConfiguration());
        int step = 0;
        for (List<List<LocalSteps.Place>> minibatches : new LocalSteps(plan).steps(start.work(), 81, 0)) {
            graph.learningRate(plan.learningRate(start, step++));
            graph.fit(reader.minibatch(minibatches.get(0), 0));
        }
        TrainingState onSpark = epoch(plan);
        assertThat(onSpark.parameters()).isEqualTo(NativeFloats.copy(graph.params()));
        assertThat(onSpark.velocity())
                .isEqualTo(NativeFloats.copy(graph.getUpdater().getStateViewArray()));
    }

    @Test
    void momentumThatAWorkerKeepsIsNotGivenUpWithWhatItHasSent() throws IOException {
        TrainingPlan plan = plan("workers", "1");
        TrainingState state = start(plan);
        int length = state.velocity().length;
        try (Exchange exchange =
                Exchange.of(spark, StatisticsLayout.of(plan.graph()), false, ExchangeTimeout.ENDLESS)) {
            StateBlocks begun = ((StateHandle.Resident) exchange.begin(state)).blocks();
            long set = exchange.newSet();
            boolean givenUp = spark.parallelize(List.of(length), 1)
                    .map(floats -> {
                        FloatBlock kept = FloatBlock.of(new float[floats]);
                        FloatBlock parameters =
                                FloatBlock.of(new float[begun.layout().parameters()]);
                        WorkerUpdate sent = new WorkerUpdate(
                                new WorkerReport(0, 0, 0, 0, 0, 0, 0, 0), parameters, kept, FloatBlock.of());
                        WorkerLocalState local = new WorkerLocalState(kept, FloatBlock.of());
                        UpdateHandle.InBlocks.put(
                                new WorkerUpdate.WithLocalState(sent, local),
                                begun,
                                set,
                                OverlappedReductionTask.Outcome.NONE,
                                0,
                                0);
                        return Stream.generate(() -> ArrayPool.take(floats))
                                .limit(4)
                                .anyMatch(spare -> spare == kept.array());
                    })
                    .first();
            assertThat(length).isPositive();
            assertThat(givenUp).isFalse();
        }
    }

    /** Groups of 2, 2 and 1 workers: where they are averaged does not matter, that they are does, a little. */
    @ParameterizedTest
    @CsvSource({"float32, none", "bfloat16, none", "float32, nesterov"})
    void groupsLeadToTheSameBitsBetweenProcesses(String dtype, String outer) throws IOException {
        String[] settings = {
            "workers",
            "5",
            "averaging.update-dtype",
            dtype,
            "averaging.outer-optimizer",
            outer.equals("none") ? "{ kind = none }" : "{ kind = nesterov, learning-rate = 0.7, momentum = 0.9 }"
        };
        TrainingPlan plan = plan(with(settings, "averaging.group-size", "2"));
        TrainingState inProcess = epoch(plan);
        TrainingState crossed = epoch(plan, false);
        assertThat(crossed.parameters()).isEqualTo(inProcess.parameters());
        assertThat(crossed.velocity()).isEqualTo(inProcess.velocity());
        TrainingState ungrouped = epoch(plan(settings));
        assertThat(inProcess.parameters()).isNotEqualTo(ungrouped.parameters());
        assertThat(difference(inProcess.parameters(), ungrouped.parameters())).isLessThan(1e-3);
    }

    /** The floats of a state that a caller has taken stay what they are, however many rounds follow. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStateThatWasTakenIsNotOverwritten(boolean inProcess) throws IOException {
        TrainingPlan plan = plan("steps-per-round", "1");
        try (ParameterAveraging averaging = averaging(plan, inProcess)) {
            TrainingState first = averaging.round(start(plan)).state();
            averaging.commit();
            float[] taken = first.parameters();
            float[] expected = taken.clone();
            TrainingState state = first;
            for (int i = 0; i < 4; i++) {
                state = averaging.round(state).state();
                averaging.commit();
            }
            assertThat(taken).isEqualTo(expected);
            assertThat(first.parameters()).isEqualTo(expected);
            assertThat(state.parameters()).isNotEqualTo(expected);
        }
    }

    private static String[] with(String[] some, String... more) {
        String[] all = java.util.Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }

    /**
     * Parameters after a step of {@code batch} images, with the running variances that they would have after one of
     * {@code wanted}: 0.9 old + 0.1 n / (n - 1) biased, where n is the number of pixels of all images.
     */
    private static float[] withVariancesOf(
            int wanted, float[] parameters, int batch, float[] old, ComputationGraph graph) {
        Map<String, INDArray> activations = graph.feedForward(Nd4j.zeros(1, 3, 32, 32), false);
        float[] expected = parameters.clone();
        graph.paramTable().forEach((name, values) -> {
            if (name.endsWith("_var")) {
                INDArray image = activations.get(name.substring(0, name.length() - "_var".length()));
                double pixels = (double) image.size(2) * image.size(3);
                double factor = unbiased(wanted * pixels) / unbiased(batch * pixels);
                int from = (int) values.offset();
                for (int i = from; i < from + values.length(); i++) {
                    expected[i] = (float) (0.9 * old[i] + (parameters[i] - 0.9 * old[i]) * factor);
                }
            }
        });
        return expected;
    }

    private static double unbiased(double samples) {
        return samples / (samples - 1);
    }
}
