package io.resnetspark.model.graph;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.CudaNetwork;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.LevelMinibatch;
import io.resnetspark.model.cuda.OutOfDeviceMemoryException;
import io.resnetspark.model.layer.Dropout;
import io.resnetspark.model.layer.Momentum;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;

/**
 * A graph's steps and inference on a GPU, in place of DL4J's walk over its layers.
 *
 * <p>Parameters are at home in the graph and work on the GPU: they go there before the first step and come back when
 * somebody asks the graph for them.
 */
final class GpuSteps implements AutoCloseable {
    private final NetworkGraph graph;
    private final CudaNetwork network;
    private final String name;
    private boolean ahead;

    /** @param descent null for a graph that does not train */
    GpuSteps(
            NetworkGraph graph,
            MomentumDescent descent,
            Network description,
            Shape image,
            Device device,
            Precision precision,
            boolean deterministic) {
        this.graph = graph;
        this.name = description.name();
        Momentum rule = MomentumDescent.rule(graph);
        FlatParameters flat = FlatParameters.of(graph);
        network = new CudaNetwork(
                device,
                description,
                image,
                flat.classes(),
                flat.all(),
                (int) graph.numParams(),
                flat.velocityLength(),
                new CudaNetwork.Options(
                        precision,
                        deterministic,
                        rule.momentum(),
                        rule.nesterov(),
                        flat.weightDecay(),
                        descent == null ? Double.POSITIVE_INFINITY : descent.largestNorm(),
                        this::dropout));
        network.load(NativeFloats.copy(graph.params()));
        if (graph.getUpdater().getStateViewArray() != null) {
            network.loadVelocity(NativeFloats.copy(graph.getUpdater().getStateViewArray()));
        }
    }

    private byte[] dropout(String vertex, int iteration, int count) {
        return ((Dropout) graph.getLayer(vertex).conf().getLayer().getIDropout()).factors(iteration, count);
    }

    void beginStep(int minibatches) {
        network.beginStep(minibatches);
    }

    void fit(DataSet data, double rate) {
        fit(data.numExamples(), iteration -> network.fit(data.getFeatures(), data.getLabels(), rate, iteration));
    }

    void fit(LevelMinibatch images, double rate) {
        fit(images.images(), iteration -> network.fit(images, rate, iteration));
    }

    private void fit(int batch, IntConsumer step) {
        int iteration = graph.getConfiguration().getIterationCount();
        try {
            step.accept(iteration);
        } catch (OutOfDeviceMemoryException full) { // others have filled the GPU since it was looked at
            throw full.during(name + " with a batch of " + batch);
        }
        graph.getConfiguration().setIterationCount(iteration + 1);
        ahead = true;
    }

    void repeat() {
        network.repeat();
        ahead = true;
    }

    void await() {
        network.await();
    }

    float[] gradient(DataSet data) {
        return network.gradient(
                data.getFeatures(), data.getLabels(), graph.getConfiguration().getIterationCount());
    }

    INDArray probabilities(INDArray images) {
        return network.probabilities(images);
    }

    double score() {
        return network.loss();
    }

    double takeLoss() {
        return network.takeLoss();
    }

    void assignParameters(float... parameters) {
        network.load(parameters); // the momentum there stays the newest
        ahead = true;
    }

    void assignVelocity(float... velocity) {
        network.loadVelocity(velocity);
        ahead = true;
    }

    /** Brings home what steps have made. */
    void synchronize() {
        if (ahead) {
            ahead = false; // first: the graph's own parameters are asked for below
            NativeFloats.assign(graph.params(), network.parameters());
            if (graph.getUpdater().getStateViewArray() != null) {
                NativeFloats.assign(graph.getUpdater().getStateViewArray(), network.velocity());
            }
        }
    }

    @Override
    public void close() {
        network.close();
    }
}
