package io.resnetspark.train.bench;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.ResidualGraph;
import io.resnetspark.model.layer.Momentum;
import io.resnetspark.train.averaging.Costs;
import io.resnetspark.train.averaging.Dl4jRound;
import io.resnetspark.train.averaging.ParameterAveraging;
import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.AveragingRecipe.Engine;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import io.resnetspark.train.recipe.OuterStep;
import io.resnetspark.train.recipe.Period;
import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.SpareArrays;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/**
 * What a round costs beside the local steps: sending the state to the workers, what they learned back, and adding it up.
 * Our workers load the state and bring it back unchanged; dl4j-spark's must do a step, of one small picture, whose time
 * is taken off.
 */
public final class AveragingBenchmark {
    /** The least that all networks of the catalogue but VGG take; it does not matter for what is measured. */
    private static final int SIDE = 32;

    private static final int CLASSES = 1000;

    /** Rounds that do not count: the first builds the networks, and Java compiles what the next repeat. */
    private static final int WARM_UP = 20;

    private final JavaSparkContext spark;
    private final String network;
    private final int workers;
    private final MomentumRule momentum;
    private final Dtype updates;
    private final Traffic traffic;

    /**
     * A round, on the median.
     *
     * @param master where it was measured
     * @param roundSeconds without local steps
     * @param broadcastSeconds of these, for handing the state to Spark, on the driver
     * @param aggregateSeconds of these, for all that comes after: receiving, taking the state in and out of networks,
     *     bringing it back, adding up
     * @param parts of these, where floats crossed processes; our engine's alone, 0 otherwise
     * @param bytesPerRound that were serialised: broadcast once, shuffled, and sent to the driver
     * @param driverBytesPerRound of these, those that came to the driver
     */
    public record Result(
            String engine,
            String master,
            int workers,
            String network,
            double roundSeconds,
            double broadcastSeconds,
            double aggregateSeconds,
            Parts parts,
            long bytesPerRound,
            long driverBytesPerRound,
            List<Double> allRounds) {}

    /**
     * Where the seconds of a round go, medians again; the first three are the slowest worker's.
     *
     * @param receiving the state from the network
     * @param copying the state into the worker's network, and out of it
     * @param serialising a worker's floats, for others to fetch
     * @param gathering these and adding up, until the mean is on the driver
     * @param waiting of these, for bytes
     */
    public record Parts(double receiving, double copying, double serialising, double gathering, double waiting) {
        private static Parts of(List<Measurement> measured) {
            return new Parts(
                    median(measured, costs -> costs.worker().receiving()),
                    median(measured, costs -> costs.worker().copying()),
                    median(measured, costs -> costs.worker().putting()),
                    median(measured, Costs::averaging),
                    median(measured, Costs::waiting));
        }

        private static double median(List<Measurement> measured, ToDoubleFunction<Costs> part) {
            return AveragingBenchmark.median(measured.stream()
                    .map(round -> part.applyAsDouble(round.costs))
                    .toList());
        }
    }

    public AveragingBenchmark(
            JavaSparkContext spark, String network, int workers, MomentumRule momentum, Dtype updates) {
        this.spark = spark;
        this.network = network;
        this.workers = workers;
        this.momentum = momentum;
        this.updates = updates;
        this.traffic = Traffic.watch(spark);
    }

    /** What executors build their networks from. */
    private record Blueprint(String id, String network) implements ExecutorNetworks.Blueprint {
        @Override
        public int threads() {
            return 1;
        }

        @Override
        public ComputeOptions compute() {
            return ComputeOptions.AUTO;
        }

        @Override
        public NetworkGraph graph() {
            return ResidualGraph.of(Networks.named(network), Shape.square(3, SIDE), CLASSES)
                    .updater(new Momentum(0.9, new FixedSchedule(0)))
                    .build();
        }
    }

    /** A worker's part of a round in which it does nothing but take the state and give it back. */
    private record Echo(Blueprint blueprint, AveragingRecipe recipe) implements LocalWork {
        @Override
        public Contribution.WithMemory run(TrainingState state, int worker, WorkerLocalState memory, Configuration conf)
                throws IOException {
            return ExecutorNetworks.with(blueprint, network -> {
                LocalSteps.load(state, network.graph());
                NetworkGraph graph = network.graph();
                float[] parameters = SpareArrays.take((int) graph.numParams());
                float[] velocity = SpareArrays.take(
                        (int) graph.getUpdater().getStateViewArray().length());
                graph.copyTo(parameters, velocity);
                WorkerReport report = new WorkerReport(worker, 1, 1, 1, 0, 0, 0);
                return Contribution.WithMemory.of(
                        new Contribution(
                                report,
                                FloatBlock.of(parameters),
                                FloatBlock.of(velocity),
                                FloatBlock.of(network.statistics().values(parameters))),
                        state,
                        memory,
                        network.statistics(),
                        recipe);
            });
        }
    }

    public Result measure(Engine engine, int rounds) {
        NetworkGraph graph = new Blueprint(UUID.randomUUID().toString(), network).graph();
        List<Measurement> measured = engine == Engine.OURS ? ours(graph, rounds) : dl4js(graph, rounds);
        List<Double> seconds = measured.stream().map(Measurement::round).toList();
        return new Result(
                engine == Engine.OURS ? "ours" : "dl4j",
                spark.master(),
                workers,
                network,
                median(seconds),
                median(measured.stream().map(Measurement::broadcast).toList()),
                median(measured.stream().map(Measurement::aggregate).toList()),
                Parts.of(measured),
                (long) median(measured.stream().map(m -> (double) m.bytes.all()).toList()),
                (long) median(
                        measured.stream().map(m -> (double) m.bytes.toDriver()).toList()),
                seconds);
    }

    private record Measurement(double round, double broadcast, double aggregate, Traffic.Bytes bytes, Costs costs) {}

    private List<Measurement> ours(NetworkGraph graph, int rounds) {
        int velocity = momentum == MomentumRule.AVERAGED
                ? (int) graph.getUpdater().getStateViewArray().length()
                : 0;
        TrainingState state = TrainingState.begin(
                EpochWork.begin(0, Integer.MAX_VALUE, workers),
                graph.copyParameters(),
                new float[velocity],
                new float[0]);
        AveragingRecipe recipe = new AveragingRecipe(
                Engine.OURS, new Period.Constant(1), momentum, updates, false, new OuterStep.None(), 0, 1);
        Echo echo = new Echo(new Blueprint(UUID.randomUUID().toString(), network), recipe);
        List<Measurement> measured = new ArrayList<>();
        try (ParameterAveraging averaging =
                new ParameterAveraging(spark, echo, workers, recipe, StatisticsLayout.of(graph), any -> 1)) {
            for (int i = -WARM_UP; i < rounds; i++) {
                traffic.reset();
                Round round = averaging.round(state);
                state = round.state();
                averaging.commit();
                if (i >= 0) {
                    measured.add(new Measurement(
                            round.times().total(),
                            averaging.costs().handingOut(),
                            round.times().averaging() - averaging.costs().handingOut(),
                            traffic.sum()
                                    .plus(
                                            averaging.costs().bytes(),
                                            averaging.costs().driverBytes()),
                            averaging.costs()));
                }
            }
        }
        return measured;
    }

    private List<Measurement> dl4js(NetworkGraph graph, int rounds) {
        List<Measurement> measured = new ArrayList<>();
        for (int i = -WARM_UP; i < rounds; i++) {
            traffic.reset();
            Dl4jRound round = Dl4jRound.run(spark, graph, pictures(), 1, 1, momentum == MomentumRule.AVERAGED);
            if (i >= 0) {
                double seconds = round.seconds() - round.computingSeconds();
                measured.add(new Measurement(
                        seconds,
                        round.broadcastSeconds(),
                        seconds - round.broadcastSeconds(),
                        traffic.sum(),
                        Costs.NONE));
            }
        }
        return measured;
    }

    private JavaRDD<MultiDataSet> pictures() {
        List<Integer> slots = IntStream.range(0, workers).boxed().toList();
        return spark.parallelize(slots, workers).map(slot -> {
            var label = Nd4j.zeros(1, CLASSES);
            label.putScalar(0, slot % CLASSES, 1);
            return new DataSet(Nd4j.zeros(1, 3, SIDE, SIDE), label).toMultiDataSet();
        });
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
