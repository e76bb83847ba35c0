package io.resnetspark.train.bench;

import io.resnetspark.input.SamplerState;
import io.resnetspark.model.Networks;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.train.averaging.Costs;
import io.resnetspark.train.averaging.Dl4jRound;
import io.resnetspark.train.averaging.ParameterAveraging;
import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.recipe.AveragingPeriod;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.AveragingRecipe.Engine;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import io.resnetspark.train.recipe.OuterOptimizer;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a round costs beside the local steps: sending the state to the workers, what they learned back, and adding it up.
 * Our workers load the state and bring it back unchanged, after steps that they sleep through; dl4j-spark's must do a
 * step, of one small image, whose time is taken off.
 */
public final class AveragingBenchmark {
    private final JavaSparkContext spark;
    private final Setting setting;
    private final Traffic traffic;

    /**
     * What is measured.
     *
     * @param network of which a state is
     * @param momentum averaged, and so a part of the state, or not
     * @param updates as what our workers send
     * @param steps of our workers
     * @param warmUp rounds that do not count: the first builds the networks, and Java compiles what the next repeat
     */
    public record Setting(
            String network,
            int workers,
            MomentumRule momentum,
            Dtype updates,
            SimulatedSteps steps,
            int warmUp,
            int rounds) {
        /** @throws IllegalArgumentException if there is no such network */
        public Setting {
            Networks.named(network);
        }
    }

    /**
     * A round, on the median.
     *
     * @param master where it was measured
     * @param overlap whether averages were made during the next round's steps
     * @param stateBytes of parameters and averaged momentum
     * @param stepSeconds for the simulated steps of a round
     * @param roundSeconds from the end of one round to that of the next, without these: what is visible of averaging
     * @param visibleShare of roundSeconds in both
     * @param broadcastSeconds of roundSeconds, for handing the state to Spark, on the driver
     * @param aggregateSeconds of these, for all that comes after: receiving, taking the state in and out of networks,
     *     bringing it back, adding up
     * @param parts of these, where floats crossed processes; our engine's alone, 0 otherwise
     * @param bytesPerRound that were serialised: broadcast once, shuffled, and sent to the driver; a mean
     * @param driverBytesPerRound of these, those that came to the driver
     */
    public record Result(
            String engine,
            String master,
            int workers,
            String network,
            boolean overlap,
            long stateBytes,
            double stepSeconds,
            double roundSeconds,
            double visibleShare,
            double broadcastSeconds,
            double aggregateSeconds,
            Parts parts,
            long bytesPerRound,
            long driverBytesPerRound,
            List<Double> allRounds) {}

    /**
     * Where the seconds of a round go, medians again; all but reducing and waiting are the slowest worker's.
     *
     * @param receiving the state's slices that a worker lacks
     * @param copying the state into the worker's network, and out of it
     * @param serialising a worker's update, for others to fetch
     * @param reducing the stage in which slices are fetched, added up and put; with overlap there is none
     * @param waiting of these, for bytes
     * @param hidden with overlap: averaging and fetching the last round's updates during the steps
     * @param awaited of these, after the steps were done
     */
    public record Parts(
            double receiving,
            double copying,
            double serialising,
            double reducing,
            double waiting,
            double hidden,
            double awaited) {
        private static Parts of(List<Measurement> measured) {
            return new Parts(
                    median(measured, round -> round.costs.worker().receiving()),
                    median(measured, round -> round.costs.worker().copying()),
                    median(measured, round -> round.costs.worker().putting()),
                    median(measured, round -> round.costs.averaging()),
                    median(measured, round -> round.costs.waiting()),
                    median(measured, round -> round.costs.worker().hidden()),
                    median(measured, round -> round.costs.worker().awaited()));
        }
    }

    public AveragingBenchmark(JavaSparkContext spark, Setting setting) {
        this.spark = spark;
        this.setting = setting;
        this.traffic = Traffic.watch(spark);
    }

    /** Of our engine. */
    public Result ofNative(boolean overlap) {
        NetworkGraph graph = SimulatedWork.graph(setting.network());
        return result("native", overlap, graph, setting.steps().seconds(), measured(graph, overlap));
    }

    /** Of dl4j-spark's. */
    public Result dl4js() {
        NetworkGraph graph = SimulatedWork.graph(setting.network());
        return result("dl4j", false, graph, 0, dl4js(graph));
    }

    private Result result(String engine, boolean overlap, NetworkGraph graph, double steps, Measured measured) {
        List<Measurement> rounds = measured.rounds();
        double seconds = median(rounds, Measurement::round);
        return new Result(
                engine,
                spark.master(),
                setting.workers(),
                setting.network(),
                overlap,
                (graph.numParams() + velocity(graph)) * Float.BYTES,
                steps,
                seconds,
                seconds / (seconds + steps),
                median(rounds, Measurement::broadcast),
                median(rounds, Measurement::aggregate),
                Parts.of(rounds),
                measured.bytes().all() / setting.rounds(),
                measured.bytes().toDriver() / setting.rounds(),
                rounds.stream().map(Measurement::round).toList());
    }

    /** @param bytes of all rounds that count */
    private record Measured(List<Measurement> rounds, Traffic.Bytes bytes) {}

    private record Measurement(double round, double broadcast, double aggregate, Costs costs) {}

    /** Floats of momentum in a state. */
    private long velocity(NetworkGraph graph) {
        return setting.momentum() == MomentumRule.AVERAGED
                ? graph.getUpdater().getStateViewArray().length()
                : 0;
    }

    private Measured measured(NetworkGraph graph, boolean overlap) {
        TrainingState state = TrainingState.begin(
                SamplerState.begin(0, Integer.MAX_VALUE, setting.workers()),
                graph.copyParameters(),
                new float[(int) velocity(graph)],
                new float[0]);
        AveragingRecipe recipe = new AveragingRecipe(
                Engine.NATIVE,
                new AveragingPeriod.Constant(1),
                setting.momentum(),
                setting.updates(),
                1,
                overlap,
                new OuterOptimizer.None(),
                0,
                1);
        SimulatedWork echo =
                new SimulatedWork(SimulatedWork.NetworkFactory.of(setting.network()), recipe, setting.steps());
        List<Measurement> measured = new ArrayList<>();
        Traffic.Bytes raw = new Traffic.Bytes(0, 0);
        try (ParameterAveraging averaging =
                new ParameterAveraging(spark, echo, setting.workers(), recipe, StatisticsLayout.of(graph), any -> 1)) {
            long before = System.nanoTime();
            for (int i = -setting.warmUp(); i < setting.rounds(); i++) {
                if (i == 0) {
                    traffic.reset();
                    before = System.nanoTime();
                }
                Round round = averaging.round(state);
                state = round.state();
                averaging.commit();
                long now = System.nanoTime();
                if (i >= 0) {
                    Costs costs = averaging.costs();
                    measured.add(new Measurement(
                            (now - before) * 1e-9 - setting.steps().seconds(),
                            costs.handingOut(),
                            round.times().averaging() - costs.handingOut(),
                            costs));
                    raw = raw.plus(costs.bytes(), costs.driverBytes());
                }
                before = now;
            }
            return new Measured(measured, traffic.sum().plus(raw.all(), raw.toDriver()));
        }
    }

    private Measured dl4js(NetworkGraph graph) {
        List<Measurement> measured = new ArrayList<>();
        for (int i = -setting.warmUp(); i < setting.rounds(); i++) {
            if (i == 0) {
                traffic.reset();
            }
            Dl4jRound round = Dl4jRound.run(spark, graph, images(), 1, 1, setting.momentum() == MomentumRule.AVERAGED);
            if (i >= 0) {
                double seconds = round.seconds() - round.computingSeconds();
                measured.add(new Measurement(
                        seconds, round.broadcastSeconds(), seconds - round.broadcastSeconds(), Costs.NONE));
            }
        }
        return new Measured(measured, traffic.sum());
    }

    private JavaRDD<MultiDataSet> images() {
        int classes = Networks.named(setting.network()).classes();
        List<Integer> slots = IntStream.range(0, setting.workers()).boxed().toList();
        return spark.parallelize(slots, setting.workers()).map(slot -> {
            var label = Nd4j.zeros(1, classes);
            label.putScalar(0, slot % classes, 1);
            return new DataSet(Nd4j.zeros(1, 3, SimulatedWork.SIDE, SimulatedWork.SIDE), label).toMultiDataSet();
        });
    }

    private static double median(List<Measurement> measured, ToDoubleFunction<Measurement> part) {
        double[] sorted = measured.stream().mapToDouble(part).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
