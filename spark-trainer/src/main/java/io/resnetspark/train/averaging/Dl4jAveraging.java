package io.resnetspark.train.averaging;

import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import io.resnetspark.train.worker.GpuAddress;
import io.resnetspark.train.worker.ImageReader;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Averaging by dl4j-spark's own master, set up so that it is as right as it can be: momentum is averaged, the learning
 * rate is told it before every round, a round has exactly the examples whose turn it is, and broadcasts end with it.
 *
 * <p>What stays: the rate stands still within a round; workers weigh the same whatever they saw; variances are averaged
 * as if means did not differ; the loss is that of the last minibatches; and DL4J builds every network anew in every
 * round.
 */
public final class Dl4jAveraging implements Engine {
    private final JavaSparkContext spark;
    private final TrainingPlan plan;
    private final Broadcast<TrainingPlan> shared;
    private final NetworkGraph graph;

    /** @param graph that this engine may overwrite */
    public Dl4jAveraging(JavaSparkContext spark, TrainingPlan plan, NetworkGraph graph) {
        this.spark = spark;
        this.plan = plan;
        this.shared = spark.broadcast(plan);
        this.graph = graph;
    }

    @Override
    public Round round(TrainingState state) {
        int batch = plan.recipe().batchSize();
        long examples = Math.min(plan.examplesPerRound(state), state.work().longestPart());
        int steps = (int) ((examples + batch - 1) / batch);
        double rate = plan.learningRate(state, 0);
        boolean averagesMomentum = plan.recipe().averaging().momentum() == MomentumRule.AVERAGED;
        LocalSteps.load(state, graph);
        graph.setLearningRate(rate);
        Dl4jRound round =
                Dl4jRound.run(spark, graph, minibatches(shared, state, examples), batch, steps, averagesMomentum);
        TrainingState next = new TrainingState(
                state.work().after(examples, Set.of()),
                state.iteration() + steps,
                state.drops(),
                graph.copyParameters(),
                averagesMomentum ? graph.copyVelocity() : state.velocity(),
                state.outer());
        if (!Double.isFinite(round.score()) || !Reduction.areFinite(next.parameters())) {
            throw new DivergedException(state, round.score());
        }
        return new Round(
                next,
                rate,
                round.score(),
                Double.NaN,
                next.work().done() - state.work().done(),
                steps,
                Round.Times.of(round.seconds(), 0, round.computingSeconds(), round.computingSeconds()),
                List.of(),
                List.of());
    }

    /** A partition for each worker. */
    private JavaRDD<MultiDataSet> minibatches(Broadcast<TrainingPlan> sharedPlan, TrainingState state, long examples) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        var work = state.work();
        List<Integer> workers = IntStream.range(0, work.parts().size()).boxed().toList();
        return spark.parallelize(workers, workers.size()).flatMap(worker -> {
            refuseGpu(sharedPlan.value());
            ImageReader reader = new ImageReader(sharedPlan.value(), conf.value());
            List<MultiDataSet> made = new ArrayList<>();
            for (var places : new LocalSteps(sharedPlan.value())
                    .steps(work, examples, worker).stream()
                            .flatMap(Collection::stream)
                            .toList()) {
                made.add(reader.minibatch(places, work.epoch()).toMultiDataSet());
            }
            return made.iterator();
        });
    }

    /** dl4j-spark builds workers' networks itself, so none of them computes with our CUDA kernels. */
    private static void refuseGpu(TrainingPlan plan) {
        int address = GpuAddress.ofThisTask();
        if (address != Placement.NONE && Placement.here(plan.compute(), address).isOnGpu()) {
            throw new BadInputException(
                    "Spark gave this worker GPU " + address + ", on which averaging.engine = dl4j does"
                            + " not compute: dl4j-spark builds its networks itself. Say averaging.engine = native; or kernels ="
                            + " onednn to compute on the CPU.");
        }
    }

    @Override
    public void close() {
        shared.destroy();
    }
}
