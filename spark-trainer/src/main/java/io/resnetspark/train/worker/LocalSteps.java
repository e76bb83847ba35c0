package io.resnetspark.train.worker;

import io.resnetspark.input.EpochSampler;
import io.resnetspark.input.EpochSampler.Run;
import io.resnetspark.input.SamplerState;
import io.resnetspark.model.TrainingTotals;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker's part of one round of SGD: a pure function of (plan, state, worker, what it remembers). A task that Spark
 * runs again brings the same update, bit for bit where a worker has one thread.
 */
public record LocalSteps(TrainingPlan plan) implements LocalWork {
    private static final Logger LOG = LoggerFactory.getLogger(LocalSteps.class);

    /** The run whose first minibatch this JVM has seen. */
    private static final AtomicReference<String> BEGUN = new AtomicReference<>();

    /** Minibatches of a run that have numbers of their own for each worker. */
    private static final int WORKERS_APART = 1 << 24;

    /** An example's place: position {@code index} of a shard's own order. */
    public record Place(int shard, int index) {}

    @Override
    public WorkerUpdate.WithLocalState run(
            TrainingState state, int worker, WorkerLocalState localState, Configuration conf, Progress progress)
            throws IOException {
        List<List<List<Place>>> steps = steps(state.work(), plan.examplesPerRound(state), worker);
        if (steps.isEmpty()) {
            return new WorkerUpdate.WithLocalState(WorkerUpdate.nothing(worker), localState.withoutSent());
        }
        return ExecutorNetworks.with(plan, network -> {
            TrainingState start = localState.start(state, network.statistics(), plan.damping(state));
            WorkerUpdate reached = takeSteps(network, start, worker, localState, steps, conf, progress);
            return WorkerUpdate.WithLocalState.of(
                    reached,
                    start,
                    localState,
                    network.statistics(),
                    plan.recipe().averaging());
        });
    }

    private WorkerUpdate takeSteps(
            ExecutorNetworks.Network network,
            TrainingState state,
            int worker,
            WorkerLocalState localState,
            List<List<List<Place>>> steps,
            Configuration conf,
            Progress progress)
            throws IOException {
        NetworkGraph graph = network.graph();
        TaskContext task = TaskContext.get();
        if (task != null && task.attemptNumber() > 0) {
            LOG.warn(
                    "worker {}, iteration {}: done again, attempt {}", worker, state.iteration(), task.attemptNumber());
        }
        load(state, localState, worker, graph);
        progress.stepsBegin();
        ImageReader reader = new ImageReader(plan, conf);
        long start = System.nanoTime();
        graph.takeTotals(); // of a round that was ended before it came to its own
        long examples = 0;
        List<List<Place>> all = steps.stream().flatMap(Collection::stream).toList();
        try (Prefetch<List<Place>, TrainingMinibatch> minibatches = new Prefetch<>(
                all,
                places -> reader.read(places, state.work().epoch(), graph.isOnGpu()),
                Prefetch.ahead(graph, plan.threads()))) {
            for (int step = 0; step < steps.size(); step++) {
                graph.learningRate(plan.learningRate(state, step));
                graph.beginStep(steps.get(step).size());
                for (int i = 0; i < steps.get(step).size(); i++) {
                    if (Thread.interrupted()) {
                        throw new InterruptedIOException("Spark ended this task");
                    }
                    TrainingMinibatch minibatch = minibatches.next();
                    minibatch.fit().accept(graph);
                    examples += minibatch.examples();
                    progress.trainedOn(minibatch.examples());
                    if (!plan.id().equals(BEGUN.getAndSet(plan.id()))) {
                        LOG.info(
                                "worker {}: first minibatch, {} images, waited {} s for them", worker, examples, (float)
                                        minibatches.waited());
                    }
                }
            }
            TrainingTotals totals = graph.takeTotals(); // once a round: a GPU is waited for here
            float[] parameters = ArrayPool.take((int) graph.numParams());
            float[] velocity =
                    ArrayPool.take((int) graph.getUpdater().getStateViewArray().length());
            graph.copyTo(parameters, velocity);
            WorkerReport report = new WorkerReport(
                    worker,
                    examples,
                    totals.loss(),
                    totals.errors(),
                    steps.size(),
                    plan.learningRate(state, 0),
                    minibatches.waited(),
                    (System.nanoTime() - start) * 1e-9 - minibatches.waited());
            return new WorkerUpdate(
                    report,
                    FloatBlock.of(parameters),
                    FloatBlock.of(velocity),
                    FloatBlock.of(network.statistics().values(parameters)));
        }
    }

    /** What the worker trains on in this round: minibatches by step; nothing when its part of the epoch is at its end. */
    public List<List<List<Place>>> steps(SamplerState work, long examples, int worker) {
        List<Place> places = places(work, examples, worker);
        int batch = plan.recipe().batchSize();
        List<List<List<Place>>> steps = new ArrayList<>();
        for (List<Place> step : cut(places, plan.recipe().stepBatchSize())) {
            steps.add(cut(step, batch));
        }
        return steps;
    }

    private static <T> List<List<T>> cut(List<T> all, int length) {
        List<List<T>> parts = new ArrayList<>();
        for (int i = 0; i < all.size(); i += length) {
            parts.add(all.subList(i, Math.min(all.size(), i + length)));
        }
        return parts;
    }

    private List<Place> places(SamplerState work, long examples, int worker) {
        EpochSampler order = plan.sampler(work.epoch());
        List<Place> places = new ArrayList<>();
        for (SamplerState.Range range : work.next(worker, examples)) {
            for (Run run : order.positions(range.from(), range.to())) {
                int[] within = order.within(run.shard());
                for (int i = run.from(); i < run.to(); i++) {
                    places.add(new Place(run.shard(), within[i]));
                }
            }
        }
        return places;
    }

    private void load(TrainingState state, WorkerLocalState localState, int worker, NetworkGraph graph) {
        load(state, graph);
        if (plan.recipe().averaging().momentum() == MomentumRule.LOCAL
                && localState.velocity().length() > 0) {
            graph.assignVelocity(localState.velocity().array());
        }
        // Which minibatch of the run this is; dropout's masks follow from it, and differ between workers.
        long minibatch = state.iteration() * plan.recipe().accumulationSteps();
        graph.getConfiguration().setIterationCount((int) minibatch + worker * WORKERS_APART);
        graph.getConfiguration().setEpochCount(state.work().epoch());
    }

    /** Overwrites a graph with a state; where the state has no velocity, it begins at zero. */
    public static void load(TrainingState state, NetworkGraph graph) {
        graph.assignParameters(state.parameters());
        graph.assignVelocity(state.velocity());
    }
}
