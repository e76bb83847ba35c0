package io.resnetspark.model.graph;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.TrainingTotals;
import io.resnetspark.model.cuda.CudaNetwork;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.OutOfDeviceMemoryException;
import io.resnetspark.model.cuda.Uint8Minibatch;
import io.resnetspark.model.layer.Dropout;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;

/**
 * Runs a graph's steps and inference on a GPU, instead of DL4J's layers.
 *
 * <p>The graph owns the parameters. They are copied to the GPU before the first step, and back when the graph's
 * parameters are read.
 */
final class GpuBackend implements AutoCloseable {
    private final NetworkGraph graph;
    private final CudaNetwork network;
    private final String name;
    private boolean gpuIsNewer;

    /** @param sgd null for a graph that does not train */
    GpuBackend(
            NetworkGraph graph,
            FusedSgd sgd,
            Network description,
            Shape image,
            Device device,
            Precision precision,
            boolean deterministic) {
        this.graph = graph;
        this.name = description.name();
        SgdMomentum updater = FusedSgd.updaterOf(graph);
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
                        updater.momentum(),
                        updater.nesterov(),
                        flat.weightDecay(),
                        sgd == null ? Double.POSITIVE_INFINITY : sgd.maxGradientNorm(),
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

    void fit(DataSet data, double learningRate) {
        fit(
                data.numExamples(),
                iteration -> network.fit(data.getFeatures(), data.getLabels(), learningRate, iteration));
    }

    void fit(Uint8Minibatch images, double learningRate) {
        fit(images.images(), iteration -> network.fit(images, learningRate, iteration));
    }

    private void fit(int batch, IntConsumer step) {
        int iteration = graph.getConfiguration().getIterationCount();
        try {
            step.accept(iteration);
        } catch (OutOfDeviceMemoryException full) { // other processes have filled the GPU since it was checked
            throw full.during(name + " with a batch of " + batch);
        }
        graph.getConfiguration().setIterationCount(iteration + 1);
        gpuIsNewer = true;
    }

    void repeat() {
        network.repeat();
        gpuIsNewer = true;
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

    TrainingTotals takeTotals() {
        return network.takeTotals();
    }

    void assignParameters(float... parameters) {
        network.load(parameters); // the GPU's momentum stays the newest
        gpuIsNewer = true;
    }

    void assignVelocity(float... velocity) {
        network.loadVelocity(velocity);
        gpuIsNewer = true;
    }

    /** Copies the results of steps back to the graph. */
    void synchronize() {
        if (gpuIsNewer) {
            gpuIsNewer = false; // first, because the graph's own parameters are read below
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
