package io.resnetspark.train.averaging;

import io.resnetspark.data.shard.EpochOrder;
import io.resnetspark.data.shard.EpochOrder.Run;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.DoubleAccumulator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One worker's part of one round: a pure function of (plan, state, worker). A task that Spark runs again brings the
 * same contribution, bit for bit where a worker has one thread.
 */
final class LocalSteps {
    private final TrainingPlan plan;
    private final Configuration conf;
    private final DoubleAccumulator waiting;
    private final Map<Integer, ShardCache.Loaded> shards = new HashMap<>();

    /** @param waiting where to add the seconds for which the network waited for pictures */
    LocalSteps(TrainingPlan plan, Configuration conf, DoubleAccumulator waiting) {
        this.plan = plan;
        this.conf = conf;
        this.waiting = waiting;
    }

    Contribution run(TrainingState state, int worker) throws IOException {
        List<List<Place>> batches = batches(state, worker);
        if (batches.isEmpty()) {
            return Contribution.nothing();
        }
        return ExecutorNetworks.with(plan, network -> steps(network, state, batches));
    }

    private Contribution steps(ExecutorNetworks.Network network, TrainingState state, List<List<Place>> batches)
            throws IOException {
        ComputationGraph graph = network.graph();
        load(state, graph);
        double loss = 0;
        long examples = 0;
        try (Prefetch<List<Place>, DataSet> minibatches =
                new Prefetch<>(batches, batch -> minibatch(batch, state.epoch()))) {
            while (minibatches.hasNext()) {
                if (Thread.interrupted()) {
                    throw new InterruptedIOException("Spark ended this task");
                }
                DataSet batch = minibatches.next();
                graph.fit(batch);
                loss += graph.score() * batch.numExamples();
                examples += batch.numExamples();
            }
            waiting.add(minibatches.waited());
        }
        return Contribution.of(
                graph.params().toFloatVector(),
                graph.getUpdater().getStateViewArray().toFloatVector(),
                network.statistics(),
                loss,
                examples,
                batches.size());
    }

    /** An example's place: position {@code index} of a shard's own order. */
    record Place(int shard, int index) {}

    /** What the worker trains on in this round, step by step; nothing when its part of the epoch is at its end. */
    List<List<Place>> batches(TrainingState state, int worker) {
        List<Place> places = places(state, worker);
        int batch = plan.recipe().batch();
        List<List<Place>> batches = new ArrayList<>();
        for (int i = 0; i < places.size(); i += batch) {
            batches.add(places.subList(i, Math.min(places.size(), i + batch)));
        }
        return batches;
    }

    private List<Place> places(TrainingState state, int worker) {
        EpochOrder order = plan.order(state.epoch());
        long[] slice = EpochOrder.slice(
                order.examples(), worker, plan.recipe().workers(), state.round(), plan.examplesPerRound());
        List<Place> places = new ArrayList<>();
        for (Run run : order.positions(slice[0], slice[1])) {
            int[] within = order.within(run.shard());
            for (int i = run.from(); i < run.to(); i++) {
                places.add(new Place(run.shard(), within[i]));
            }
        }
        return places;
    }

    static void load(TrainingState state, ComputationGraph graph) {
        graph.params()
                .assign(Nd4j.createFromArray(state.parameters())
                        .reshape(graph.params().shape()));
        INDArray velocity = graph.getUpdater().getStateViewArray();
        velocity.assign(Nd4j.createFromArray(state.velocity()).reshape(velocity.shape()));
        graph.getConfiguration().setIterationCount(Math.toIntExact(state.iteration()));
        graph.getConfiguration().setEpochCount(state.epoch());
    }

    /** Held for the round: the cache may forget what nobody holds, and would fetch it for every picture anew. */
    private ShardCache.Loaded shard(int number) throws IOException {
        ShardCache.Loaded loaded = shards.get(number);
        if (loaded == null) {
            loaded = ShardCache.load(plan.data(), plan.shards().get(number), conf);
            shards.put(number, loaded);
        }
        return loaded;
    }

    DataSet minibatch(List<Place> places, int epoch) throws IOException {
        Minibatch minibatch = new Minibatch(places.size(), plan.preprocessing());
        INDArray labels = Nd4j.zeros(places.size(), plan.classes());
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            ShardCache.Loaded shard = shard(place.shard());
            minibatch.add(shard, place.index(), plan.recipe().seed(), epoch);
            labels.putScalar(i, shard.label(place.index()), 1);
        }
        return new DataSet(minibatch.images(), labels);
    }
}
