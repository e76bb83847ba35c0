package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.Corpora;
import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.PictureReader;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Rounds on Spark, against what they should be computed by hand. */
class TestAveraging {
    private static final String RECIPE = """
            network = resnet20
            seed = 3
            data {
              crop = 32
              augmentation { kind = pad-and-shift, padding = 4 }
              colour-noise = 0.1
              mean = per-channel
              evaluation-shorter-side = 32
            }
            workers = 2
            batch = 8
            steps-per-round = 2
            epochs = 4
            momentum = 0.9
            weight-decay = 1e-4
            learning-rate { kind = steps, initial = 0.05, tenth-at-epochs = [1], warm-up-epochs = 0 }
            """;

    @TempDir
    static Path folder;

    private static JavaSparkContext spark;
    private static Dataset.Opened data;

    /** 81 pictures: no batch, round or number of workers divides them. */
    @BeforeAll
    static void prepare() throws IOException {
        spark = Corpora.spark("local[2]");
        Path corpus = Corpora.folders(folder.resolve("corpus"), 27, 1, 32);
        data = Corpora.prepare(spark, corpus, folder.resolve("data").toUri().toString(), 40_000);
        assertThat(data.dataset().shards(Split.TRAIN)).hasSizeGreaterThan(2);
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private static TrainingPlan plan(String... overrides) throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < overrides.length; i += 2) {
            map.put(overrides[i], overrides[i + 1]);
        }
        Recipe recipe = Recipe.parse(RECIPE, "test", map);
        return TrainingPlan.of(
                recipe,
                data.path().toString(),
                data.dataset().shards(Split.TRAIN),
                data.dataset().classes().size(),
                recipe.data().trainingOn(data, spark.hadoopConfiguration()),
                1);
    }

    private static TrainingState start(TrainingPlan plan) {
        NetworkGraph graph = plan.graph();
        int trainable = (int) graph.getUpdater().getStateViewArray().length();
        boolean averaged = plan.recipe().averaging().momentum() == AveragingRecipe.MomentumRule.AVERAGED;
        return TrainingState.begin(
                plan.work(0), NativeFloats.copy(graph.params()), new float[averaged ? trainable : 0], new float[0]);
    }

    private static Averaging averaging(TrainingPlan plan) {
        return new Averaging(
                spark,
                new LocalSteps(plan),
                plan.recipe().workers(),
                plan.recipe().averaging(),
                StatisticsLayout.of(plan.graph()),
                plan::examplesPerRound);
    }

    private static TrainingState epoch(TrainingPlan plan) {
        Averaging averaging = averaging(plan);
        TrainingState state = start(plan);
        while (state.work().left() > 0) {
            state = averaging.round(state).state();
            averaging.commit();
        }
        averaging.close();
        return state;
    }

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
        Contribution first = contribution(steps, state, 0);
        Contribution second = contribution(steps, state, 1);
        Round round = averaging(plan).round(state);
        assertThat(round.examples()).isEqualTo(32);
        assertThat(first.parameters().array()).isNotEqualTo(second.parameters().array());
        float[] expected = mean(first.parameters().array(), second.parameters().array());
        StatisticsLayout layout = StatisticsLayout.of(plan.graph());
        layout.assign(expected, mean(first.report().moments(), second.report().moments()));
        assertThat(round.state().parameters()).isEqualTo(expected);
        assertThat(round.state().velocity())
                .isEqualTo(mean(first.velocity().array(), second.velocity().array()));
    }

    private static Contribution contribution(LocalSteps steps, TrainingState state, int worker) throws IOException {
        return steps.run(state, worker, WorkerMemory.nothing(), spark.hadoopConfiguration())
                .contribution();
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
    void sumsOverAnEpochCountEveryPictureOnce() throws IOException {
        for (int workers : new int[] {1, 2, 3, 5}) {
            TrainingPlan plan = plan("workers", String.valueOf(workers));
            Averaging averaging = averaging(plan);
            TrainingState state = start(plan);
            long examples = 0;
            while (state.work().left() > 0) {
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
                "learning-rate.tenth-at-epochs",
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
     * The same pictures on every worker: then K workers are one worker with a K times larger batch, BN included; but
     * the factor n / (n - 1) of running variances is that of a worker's n.
     */
    @Test
    void workersWithTheSamePicturesAreOneWorkerWithALargerBatch() throws IOException {
        Path corpus = folder.resolve("same");
        byte[] picture = io.resnetspark.data.image.Codec.png(io.resnetspark.data.image.Pictures.ofClass(1, 32, 32, 5));
        for (String name : new String[] {"a", "b"}) {
            for (int i = 0; i < 8; i++) {
                Path file = corpus.resolve("train").resolve(name).resolve(i + ".png");
                java.nio.file.Files.createDirectories(file.getParent());
                java.nio.file.Files.write(file, picture);
                if (i == 0) {
                    java.nio.file.Files.createDirectories(corpus.resolve("val").resolve(name));
                }
            }
        }
        Dataset.Opened all = data;
        try {
            data = Corpora.prepare(
                    spark, corpus, folder.resolve("same-data").toUri().toString(), 1 << 20);
            String[] still = {
                "data.augmentation",
                "{ kind = centre, shorter-side = 32 }",
                "data.colour-noise",
                "0",
                "steps-per-round",
                "1"
            };
            TrainingPlan two = plan(with(still, "workers", "2", "batch", "8"));
            TrainingPlan one = plan(with(still, "workers", "1", "batch", "16"));
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
                        "The loss became NaN, or a parameter no number, in the round from image 1 of epoch 1 on")
                .hasMessageContaining("learning-rate.initial");
    }

    /** What Spark adds is nothing: the same as a loop over a graph, to the last bit. */
    @Test
    void oneWorkerIsALoop() throws IOException {
        TrainingPlan plan = plan("workers", "1");
        TrainingState start = start(plan);
        NetworkGraph graph = plan.graph();
        LocalSteps.load(start, graph);
        PictureReader reader = new PictureReader(plan, spark.hadoopConfiguration());
        int step = 0;
        for (List<List<LocalSteps.Place>> minibatches : new LocalSteps(plan).steps(start.work(), 81, 0)) {
            graph.rate(plan.rate(start, step++));
            graph.fit(reader.minibatch(minibatches.get(0), 0));
        }
        TrainingState onSpark = epoch(plan);
        assertThat(onSpark.parameters()).isEqualTo(NativeFloats.copy(graph.params()));
        assertThat(onSpark.velocity())
                .isEqualTo(NativeFloats.copy(graph.getUpdater().getStateViewArray()));
    }

    @Test
    void driverAndExecutorsAverageToTheSameBits() throws IOException {
        TrainingPlan plan = plan("workers", "3");
        TrainingState state = start(plan);
        List<Contribution> contributions = new ArrayList<>();
        for (int worker = 0; worker < 3; worker++) {
            contributions.add(contribution(new LocalSteps(plan), state, worker));
        }
        Slicing slicing = Slicing.of(state);
        Mean onDriver = slicing.onDriver(contributions);
        Mean onExecutors = slicing.onExecutors(spark.parallelize(contributions, 3));
        assertThat(onExecutors.parameters()).isEqualTo(onDriver.parameters());
        assertThat(onExecutors.velocity()).isEqualTo(onDriver.velocity());
        assertThat(onExecutors.moments()).isEqualTo(onDriver.moments());
        assertThat(onExecutors.reports()).hasSize(3);
    }

    /** Of one worker it does not matter who keeps the momentum. */
    @Test
    void aWorkerThatKeepsItsMomentumGoesOnWithIt() throws IOException {
        TrainingState averaged = epoch(plan("workers", "1"));
        TrainingState local = epoch(plan("workers", "1", "averaging.momentum", "local"));
        TrainingState reset = epoch(plan("workers", "1", "averaging.momentum", "reset"));
        assertThat(local.parameters()).isEqualTo(averaged.parameters());
        assertThat(difference(averaged.parameters(), reset.parameters())).isGreaterThan(1e-3);
        assertThat(local.velocity()).isEmpty();
    }

    @Test
    void changesInFloat16LeadToNearlyTheSame() throws IOException {
        TrainingState exact = epoch(plan("averaging.contributions", "float32"));
        TrainingState rounded = epoch(plan("averaging.contributions", "float16"));
        assertThat(rounded.parameters()).isNotEqualTo(exact.parameters());
        float[] start = start(plan()).parameters();
        assertThat(difference(exact.parameters(), rounded.parameters()))
                .isLessThan(0.01 * difference(start, exact.parameters()));
    }

    @Test
    void whatAWorkerRememberedCanBeTakenAndPutBack() throws IOException {
        TrainingPlan plan = plan("averaging.momentum", "local", "averaging.contributions", "float16");
        Averaging first = averaging(plan);
        TrainingState state = first.round(start(plan)).state();
        first.commit();
        List<WorkerMemory> memories = List.copyOf(first.memories()); // they are fetched when they are asked for
        assertThat(memories).hasSize(2);
        assertThat(memories.get(0).velocity().array())
                .isNotEqualTo(memories.get(1).velocity().array());
        TrainingState expected = first.round(state).state();
        first.close();
        Averaging second = averaging(plan);
        second.restore(memories);
        assertThat(second.round(state).state().parameters()).isEqualTo(expected.parameters());
    }

    /** As when an executor dies. */
    @Test
    void saysWhenWhatAWorkerRememberedIsGone() throws IOException {
        TrainingPlan plan = plan("averaging.momentum", "local");
        Averaging averaging = averaging(plan);
        TrainingState state = averaging.round(start(plan)).state();
        averaging.commit();
        spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
        assertThatThrownBy(() -> averaging.round(state)).isInstanceOf(MemoryLostException.class);
        assertThatThrownBy(() -> List.copyOf(averaging.memories())).isInstanceOf(MemoryLostException.class);
    }

    @Test
    void aRoundGoesOnWithoutWorkersThatAreLate() throws IOException {
        for (String workers : new String[] {"2", "4"}) {
            TrainingPlan plan = plan("workers", workers, "averaging.deadline-seconds", "8", "averaging.quorum", "0.5");
            int late = Integer.parseInt(workers) - 1;
            LocalSteps steps = new LocalSteps(plan);
            LocalWork work = (state, worker, memory, conf) -> {
                if (worker == late) {
                    try {
                        Thread.sleep(60_000);
                    } catch (InterruptedException ended) {
                        throw new IOException(ended);
                    }
                }
                return steps.run(state, worker, memory, conf);
            };
            Averaging averaging = new Averaging(
                    spark,
                    work,
                    plan.recipe().workers(),
                    plan.recipe().averaging(),
                    StatisticsLayout.of(plan.graph()),
                    plan::examplesPerRound);
            Round round = averaging.round(start(plan));
            assertThat(round.missing()).containsExactly(late);
            assertThat(round.examples()).isEqualTo(16L * late);
            assertThat(round.state().work().left()).isEqualTo(81 - 16L * late);
            // What it did not do is shared.
            long fair = round.state().work().left() / plan.recipe().workers();
            assertThat(round.state().work().longestPart()).isBetween(fair, fair + 1);
        }
    }

    @Test
    void whereEverybodyIsInTimeADeadlineChangesNothing() throws IOException {
        assertThat(epoch(plan("averaging.deadline-seconds", "60", "averaging.quorum", "0.5"))
                        .parameters())
                .isEqualTo(epoch(plan()).parameters());
    }

    /** With all pictures in one batch, a network in inference computes as in training. */
    @Test
    void preciseStatisticsAreThoseOfThePictures() throws IOException {
        TrainingPlan plan = plan("workers", "1", "batch", "81");
        TrainingState state = start(plan);
        NetworkGraph graph = plan.graph();
        LocalSteps.load(state, graph);
        List<LocalSteps.Place> all =
                new LocalSteps(plan).steps(state.work(), 81, 0).get(0).get(0);
        INDArray images = new PictureReader(plan, spark.hadoopConfiguration())
                .minibatch(all, 0)
                .getFeatures();
        float[] inTraining = NativeFloats.copy(graph.output(true, images)[0]);
        StatisticsLayout layout = StatisticsLayout.of(graph);
        float[] precise = PreciseStatistics.of(spark, plan, state, layout, 81);
        NativeFloats.assign(graph.params(), precise);
        assertThat(difference(inTraining, NativeFloats.copy(graph.output(false, images)[0])))
                .isLessThan(1e-3);
        // Of several workers and minibatches they are near to that.
        TrainingPlan parts = plan("workers", "2", "batch", "16");
        float[] ofParts = PreciseStatistics.of(spark, parts, state, layout, 81);
        NativeFloats.assign(graph.params(), ofParts);
        assertThat(difference(inTraining, NativeFloats.copy(graph.output(false, images)[0])))
                .isLessThan(0.1);
    }

    @Test
    void smoothsTargets() throws IOException {
        TrainingPlan plan = plan("label-smoothing", "0.3");
        List<LocalSteps.Place> places =
                new LocalSteps(plan).steps(plan.work(0), 8, 0).get(0).get(0);
        INDArray targets = new PictureReader(plan, spark.hadoopConfiguration())
                .minibatch(places, 0)
                .getLabels();
        for (int i = 0; i < 8; i++) {
            float[] row = targets.getRow(i).toFloatVector();
            java.util.Arrays.sort(row);
            assertThat(row).containsExactly(new float[] {0.1f, 0.1f, 0.8f}, within(1e-6f));
        }
    }

    @Test
    void aStepHasAsManyMinibatchesAsTheGlobalBatchTakes() throws IOException {
        TrainingPlan plan = plan("global-batch", "48");
        List<List<List<LocalSteps.Place>>> steps = new LocalSteps(plan).steps(plan.work(0), 1000, 0);
        assertThat(steps).hasSize(2); // 40 pictures, 24 a step
        assertThat(steps.get(0)).extracting(List::size).containsExactly(8, 8, 8);
        assertThat(steps.get(1)).extracting(List::size).containsExactly(8, 8);
        assertThat(epoch(plan).iteration()).isEqualTo(2);
    }

    @Test
    void refusesMoreWorkersThanPictures() {
        assertThatThrownBy(() -> plan("workers", "82"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has 81 pictures to train on, fewer than the recipe's 82 workers");
    }

    private static String[] with(String[] some, String... more) {
        String[] all = java.util.Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value * value;
        }
        return Math.sqrt(sum);
    }

    /**
     * Parameters after a step of {@code batch} pictures, with the running variances that they would have after one of
     * {@code wanted}: 0.9 old + 0.1 n / (n - 1) biased, where n is the number of pixels of all pictures.
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

    /** Norm of the difference over norm. */
    private static double difference(float[] expected, float[] actual) {
        float[] difference = new float[expected.length];
        for (int i = 0; i < difference.length; i++) {
            difference[i] = expected[i] - actual[i];
        }
        return norm(difference) / norm(expected);
    }
}
