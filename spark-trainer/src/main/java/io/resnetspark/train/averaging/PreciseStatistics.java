package io.resnetspark.train.averaging;

import io.resnetspark.input.SamplerState;
import io.resnetspark.train.worker.BatchStatistics;
import io.resnetspark.train.worker.BatchStatistics.Moments;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/** Takes batch normalisation's statistics anew, over many images, as a Spark job. */
public final class PreciseStatistics {
    private static final int MOST_ATTEMPTS = 3;

    private PreciseStatistics() {}

    /**
     * The parameters with other running statistics.
     *
     * @param examples over which they are taken: the first of this epoch's order, as it augments them
     */
    public static float[] of(
            JavaSparkContext spark, TrainingPlan plan, TrainingState state, StatisticsLayout layout, long examples) {
        int workers = plan.recipe().workers();
        SamplerState work = SamplerState.begin(state.work().epoch(), Math.min(examples, plan.examples()), workers);
        BatchStatistics statistics = new BatchStatistics(plan);
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Integer> slots = IntStream.range(0, workers).boxed().toList();
        spark.setJobDescription("statistics of batch normalisation over " + work.examples() + " images");
        float[] parameters = state.parameters().clone();
        // The driver has the state by now: sent from there it cannot be lost for good.
        TrainingState sent =
                new TrainingState(work, state.iteration(), state.drops(), parameters, new float[0], new float[0]);
        for (int attempt = 1; ; attempt++) {
            try (Exchange exchange = Exchange.of(spark, layout, spark.isLocal(), ExchangeTimeout.ENDLESS)) {
                StateHandle begun = exchange.begin(sent);
                List<Moments> measured = spark.parallelize(slots, workers)
                        .map(worker -> statistics.run(begun.value(), worker, conf.value()))
                        .collect();
                layout.assignMoments(parameters, mean(measured, layout.length()));
                return parameters;
            } catch (Exception failed) { // Spark throws what it does not declare
                RuntimeException reason = StateLostException.orElse(failed);
                if (attempt == MOST_ATTEMPTS || !(reason instanceof StateLostException)) {
                    throw reason;
                }
            }
        }
    }

    /** Weighted by examples, in the order of the workers. */
    private static double[] mean(List<Moments> measured, int length) {
        double examples = measured.stream().mapToLong(Moments::examples).sum();
        double[] mean = new double[length];
        for (Moments moments : measured) {
            for (int i = 0; i < moments.mean().length; i++) {
                mean[i] += (double) moments.examples() * moments.mean()[i] / examples;
            }
        }
        return mean;
    }
}
