package io.resnetspark.train.averaging;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.train.worker.BatchStatistics;
import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerMemory;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/** Takes batch normalisation's statistics anew, over many pictures, as a Spark job. */
public final class PreciseStatistics {
    private PreciseStatistics() {}

    /**
     * The parameters with other running statistics.
     *
     * @param examples over which they are taken: the first of this epoch's order, as it augments them
     */
    public static float[] of(
            JavaSparkContext spark, TrainingPlan plan, TrainingState state, StatisticsLayout layout, long examples) {
        int workers = plan.recipe().workers();
        EpochWork work = EpochWork.begin(state.work().epoch(), Math.min(examples, plan.examples()), workers);
        BatchStatistics statistics = new BatchStatistics(plan);
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Integer> slots = IntStream.range(0, workers).boxed().toList();
        spark.setJobDescription("statistics of batch normalisation over " + work.examples() + " images");
        try (SharedState shared = SharedState.of(state.with(work), spark)) {
            List<Contribution> measured = spark.parallelize(slots, workers)
                    .map(worker -> statistics
                            .run(shared.value(), worker, WorkerMemory.nothing(), conf.value())
                            .contribution())
                    .collect();
            float[] parameters = state.parameters().clone();
            layout.assign(parameters, mean(measured));
            return parameters;
        }
    }

    private static double[] mean(List<Contribution> measured) {
        return new Pieces(measured.stream()
                        .filter(contribution -> contribution.report().examples() > 0)
                        .map(contribution -> new Piece(contribution.report(), FloatBlock.of()))
                        .toList())
                .meanMoments();
    }
}
