package io.resnetspark.train.worker;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.train.worker.LocalSteps.Place;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.nd4j.linalg.dataset.DataSet;

/**
 * The true average of batch normalisation's statistics over a worker's part of the work, with parameters that stand
 * still; running averages, in training, are of parameters that have moved on since (He's remarks on the paper's code).
 */
public record BatchStatistics(TrainingPlan plan) implements LocalWork {
    /** @return a contribution of moments alone */
    @Override
    public Contribution.WithMemory run(TrainingState state, int worker, WorkerMemory memory, Configuration conf)
            throws IOException {
        List<List<Place>> minibatches = new LocalSteps(plan)
                .steps(state.work(), Long.MAX_VALUE, worker).stream()
                        .flatMap(Collection::stream)
                        .toList();
        Contribution contribution = minibatches.isEmpty()
                ? Contribution.nothing(worker)
                : ExecutorNetworks.with(plan, network -> measure(network, state, worker, minibatches, conf));
        return new Contribution.WithMemory(contribution, memory);
    }

    private Contribution measure(
            ExecutorNetworks.Network network,
            TrainingState state,
            int worker,
            List<List<Place>> minibatches,
            Configuration conf)
            throws IOException {
        NetworkGraph graph = network.graph();
        StatisticsLayout layout = network.statistics();
        float[] parameters = state.parameters().clone();
        layout.assign(parameters, new double[layout.length()]);
        graph.assignParameters(parameters);
        EpochWork work = state.work();
        PictureReader reader = new PictureReader(plan, conf);
        double[] sum = new double[layout.length()];
        long examples = 0;
        for (List<Place> places : minibatches) {
            DataSet minibatch = reader.minibatch(places, work.epoch());
            double[] moments = layout.moments(graph.batchStatistics(minibatch));
            for (int i = 0; i < sum.length; i++) {
                sum[i] += places.size() * moments[i];
            }
            examples += places.size();
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] /= (double) examples;
        }
        WorkerReport report = new WorkerReport(worker, examples, 0, 0, 0, 0, 0, sum);
        return new Contribution(report, FloatBlock.of(), FloatBlock.of());
    }
}
