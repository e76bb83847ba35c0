package io.resnetspark.train.worker;

import io.resnetspark.input.SamplerState;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.train.worker.LocalSteps.Place;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.nd4j.linalg.dataset.DataSet;

/**
 * The true average of batch normalisation's statistics over a worker's part of the work, with parameters that stand
 * still; running averages, in training, are of parameters that have moved on since (He's remarks on the paper's code).
 */
public record BatchStatistics(TrainingPlan plan) implements Serializable {
    /**
     * What a worker measured.
     *
     * @param examples over which it did; may be 0
     * @param mean of the moments of their minibatches, weighted by examples, in the order of {@link StatisticsLayout}
     */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    public record Moments(long examples, double... mean) implements Serializable {}

    public Moments run(TrainingState state, int worker, Configuration conf) throws IOException {
        List<List<Place>> minibatches = new LocalSteps(plan)
                .steps(state.work(), Long.MAX_VALUE, worker).stream()
                        .flatMap(Collection::stream)
                        .toList();
        return minibatches.isEmpty()
                ? new Moments(0)
                : ExecutorNetworks.with(plan, network -> measure(network, state, minibatches, conf));
    }

    private Moments measure(
            ExecutorNetworks.Network network, TrainingState state, List<List<Place>> minibatches, Configuration conf)
            throws IOException {
        NetworkGraph graph = network.graph();
        StatisticsLayout layout = network.statistics();
        float[] parameters = state.parameters().clone();
        layout.assignMoments(parameters, new double[layout.length()]);
        graph.assignParameters(parameters);
        SamplerState work = state.work();
        ImageReader reader = new ImageReader(plan, conf);
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
        return new Moments(examples, sum);
    }
}
