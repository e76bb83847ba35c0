package io.resnetspark.train.averaging;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Parameter averaging on Spark: the state goes out to every worker, each does its local steps, and the mean of what
 * they bring back, weighted by examples, is the next state. Ordinary stages, so a lost task is simply run again.
 */
public final class Averaging {
    private final JavaSparkContext spark;
    private final TrainingPlan plan;
    private final Broadcast<TrainingPlan> sharedPlan;
    private final StatisticsLayout statistics;

    public Averaging(JavaSparkContext spark, TrainingPlan plan, StatisticsLayout statistics) {
        this.spark = spark;
        this.plan = plan;
        this.sharedPlan = spark.broadcast(plan);
        this.statistics = statistics;
    }

    /** What a round made of the state, and how it went. */
    public record Round(TrainingState state, double loss, long examples, double seconds) {}

    public Round round(TrainingState state) {
        long start = System.nanoTime();
        Contribution sum = contributions(state);
        if (!Double.isFinite(sum.meanLoss())) {
            throw new DivergedException(state, sum.meanLoss());
        }
        boolean epochEnds = state.round() + 1 == plan.roundsPerEpoch();
        TrainingState next = new TrainingState(
                epochEnds ? state.epoch() + 1 : state.epoch(),
                epochEnds ? 0 : state.round() + 1,
                state.iteration() + sum.steps(),
                sum.meanParameters(statistics),
                sum.meanVelocity());
        return new Round(next, sum.meanLoss(), sum.examples(), (System.nanoTime() - start) / 1e9);
    }

    private Contribution contributions(TrainingState state) {
        int workers = plan.recipe().workers();
        List<Integer> slots = IntStream.range(0, workers).boxed().toList();
        Broadcast<TrainingState> shared = spark.broadcast(state);
        Broadcast<TrainingPlan> plan = sharedPlan;
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        spark.setJobDescription("epoch " + (state.epoch() + 1) + ", round " + (state.round() + 1));
        try {
            return spark.parallelize(slots, workers)
                    .map(worker -> new LocalSteps(plan.value(), conf.value()).run(shared.value(), worker))
                    .treeReduce(Contribution::plus);
        } finally {
            shared.destroy();
        }
    }
}
