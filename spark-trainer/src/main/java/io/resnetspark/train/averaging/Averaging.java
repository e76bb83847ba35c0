package io.resnetspark.train.averaging;

import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.DoubleAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Parameter averaging on Spark: the state goes out to every worker, each does its local steps, and the mean of what
 * they bring back, weighted by examples, is the next state. Ordinary stages, so a lost task is simply run again.
 */
public final class Averaging {
    /** Contributions that one task, or the driver, adds up. */
    private static final int FAN_IN = 4;

    private final JavaSparkContext spark;
    private final TrainingPlan plan;
    private final Broadcast<TrainingPlan> sharedPlan;
    private final StatisticsLayout statistics;
    private final DoubleAccumulator waiting;

    public Averaging(JavaSparkContext spark, TrainingPlan plan, StatisticsLayout statistics) {
        this.spark = spark;
        this.plan = plan;
        this.sharedPlan = spark.broadcast(plan);
        this.statistics = statistics;
        this.waiting = spark.sc().doubleAccumulator("seconds of waiting for pictures");
    }

    /**
     * What a round made of the state, and how it went.
     *
     * @param waiting seconds for which a worker's network waited for pictures, on average over the workers
     */
    public record Round(TrainingState state, double loss, long examples, double seconds, double waiting) {}

    public Round round(TrainingState state) {
        long start = System.nanoTime();
        waiting.reset();
        Contribution sum = contributions(state);
        if (!Double.isFinite(sum.meanLoss())) {
            throw new DivergedException(state, sum.meanLoss());
        }
        float[] parameters = sum.meanParameters(statistics);
        float[] velocity = sum.meanVelocity();
        if (!isFinite(parameters) || !isFinite(velocity)) {
            throw new DivergedException(state, Double.NaN);
        }
        boolean epochEnds = state.round() + 1 == plan.roundsPerEpoch();
        TrainingState next = new TrainingState(
                epochEnds ? state.epoch() + 1 : state.epoch(),
                epochEnds ? 0 : state.round() + 1,
                state.iteration() + sum.steps(),
                parameters,
                velocity);
        return new Round(
                next,
                sum.meanLoss(),
                sum.examples(),
                (System.nanoTime() - start) / 1e9,
                waiting.value() / plan.recipe().workers());
    }

    private static boolean isFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private Contribution contributions(TrainingState state) {
        int workers = plan.recipe().workers();
        List<Integer> slots = IntStream.range(0, workers).boxed().toList();
        Broadcast<TrainingState> shared = spark.broadcast(state);
        Broadcast<TrainingPlan> plan = sharedPlan;
        DoubleAccumulator waiting = this.waiting;
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        spark.setJobDescription("epoch " + (state.epoch() + 1) + ", round " + (state.round() + 1));
        try {
            return sum(spark.parallelize(slots, workers)
                    .map(worker -> new LocalSteps(plan.value(), conf.value(), waiting).run(shared.value(), worker)));
        } finally {
            shared.destroy();
        }
    }

    /**
     * Adds up in a tree whose shape follows from the workers' numbers. Spark's own treeReduce adds in the order in which
     * tasks end, and the last bits would tell.
     */
    private static Contribution sum(JavaRDD<Contribution> contributions) {
        JavaRDD<Contribution> level = contributions;
        while (level.getNumPartitions() > FAN_IN) {
            int groups = (level.getNumPartitions() + FAN_IN - 1) / FAN_IN;
            level = level.mapPartitionsWithIndex(
                            (i, it) -> List.of(new Tuple2<>(i, it.next())).iterator(), false)
                    .mapToPair(numbered -> new Tuple2<>(numbered._1 / FAN_IN, numbered))
                    .groupByKey(new HashPartitioner(groups))
                    .map(group -> inOrder(group._2));
        }
        return level.collect().stream().reduce(Contribution.nothing(), Contribution::plus);
    }

    private static Contribution inOrder(Iterable<Tuple2<Integer, Contribution>> numbered) {
        TreeMap<Integer, Contribution> sorted = new TreeMap<>();
        numbered.forEach(one -> sorted.put(one._1, one._2));
        return sorted.values().stream().reduce(Contribution.nothing(), Contribution::plus);
    }
}
