package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.Corpora;
import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.DoubleAccumulator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
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
        ComputationGraph graph = plan.graph();
        int trainable = (int) graph.getUpdater().getStateViewArray().length();
        return new TrainingState(0, 0, 0, graph.params().toFloatVector(), new float[trainable]);
    }

    private static Averaging averaging(TrainingPlan plan) {
        return new Averaging(spark, plan, StatisticsLayout.of(plan.graph()));
    }

    private static TrainingState epoch(TrainingPlan plan) {
        Averaging averaging = averaging(plan);
        TrainingState state = start(plan);
        while (state.epoch() == 0) {
            state = averaging.round(state).state();
        }
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
        StatisticsLayout layout = StatisticsLayout.of(plan.graph());
        LocalSteps steps = new LocalSteps(plan, spark.hadoopConfiguration(), new DoubleAccumulator());
        Contribution first = steps.run(state, 0);
        Contribution second = steps.run(state, 1);
        Averaging.Round round = averaging(plan).round(state);
        assertThat(round.examples()).isEqualTo(32);
        assertThat(round.state().parameters()).isEqualTo(first.plus(second).meanParameters(layout));
        float[] a = first.meanParameters(layout);
        float[] b = second.meanParameters(layout);
        assertThat(a).isNotEqualTo(b);
        // The first weight is no statistic: its mean is the plain mean.
        assertThat(round.state().parameters()[0]).isCloseTo((a[0] + b[0]) / 2, within(1e-7f));
    }

    @Test
    void sumsOverAnEpochCountEveryPictureOnce() throws IOException {
        for (String workers : new String[] {"1", "2", "3", "5"}) {
            TrainingPlan plan = plan("workers", workers);
            Averaging averaging = averaging(plan);
            TrainingState state = start(plan);
            long examples = 0;
            while (state.epoch() == 0) {
                Averaging.Round round = averaging.round(state);
                examples += round.examples();
                state = round.state();
            }
            assertThat(examples).as("%s workers", workers).isEqualTo(81);
            assertThat(state.iteration()).isEqualTo(plan.iterationsPerEpoch());
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
        TrainingState second =
                new TrainingState(1, 0, dropping.iterationsPerEpoch(), before.parameters(), before.velocity());
        float[] small = averaging(dropping).round(second).state().velocity();
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
        LocalSteps steps = new LocalSteps(plan, spark.hadoopConfiguration(), new DoubleAccumulator());
        List<DataSet> minibatches = new ArrayList<>();
        for (int worker = 0; worker < 2; worker++) {
            minibatches.add(steps.minibatch(steps.batches(state, worker).get(0), 0));
        }
        ComputationGraph graph = plan.graph();
        LocalSteps.load(state, graph);
        ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(2, 8)
                .batchSizePerWorker(8)
                .averagingFrequency(1)
                .saveUpdater(true)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .repartionData(Repartition.Never)
                .build();
        SparkComputationGraph dl4j = new SparkComputationGraph(spark, graph, master);
        dl4j.fit(spark.parallelize(minibatches, 2));

        TrainingState ours = averaging(plan).round(state).state();
        float[] theirs = dl4j.getNetwork().params().toFloatVector();
        StatisticsLayout statistics = StatisticsLayout.of(graph);
        for (StatisticsLayout.Run run : statistics.runs()) {
            // A variance is a moment to us and one more parameter to DL4J.
            System.arraycopy(ours.parameters(), run.variance(), theirs, run.variance(), run.channels());
        }
        assertThat(difference(theirs, ours.parameters())).isLessThan(1e-6);
        assertThat(difference(dl4j.getNetwork().getUpdater().getStateViewArray().toFloatVector(), ours.velocity()))
                .isLessThan(1e-5);
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
            TrainingState averaged = averaging(two).round(start).state();
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
                .hasMessageContaining("The loss became NaN in round 1 of epoch 1")
                .hasMessageContaining("learning-rate.initial");
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
