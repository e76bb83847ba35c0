package io.resnetspark.model.graph;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.TrainingTotals;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.Uint8Minibatch;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.layer.Classifier;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.FwdPassType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.optimize.Solver;
import org.deeplearning4j.optimize.api.ConvexOptimizer;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A {@link ComputationGraph} for training, optionally on a GPU ({@link #moveTo}). Callers see its activations in plain
 * batch x channels x height x width, whatever layout the kernels use, and its parameters are updated in one pass
 * ({@link FusedSgd}).
 *
 * <p>A DL4J graph of the same configuration gives the same results, more slowly, and shows activations in the kernels'
 * layout.
 */
public final class NetworkGraph extends ComputationGraph {
    private static final long serialVersionUID = 1;

    /**
     * Of PyTorch and DL4J: running = 0.9 running + 0.1 batch; the "gradient" of a running statistic contains this
     * factor.
     */
    private static final float NEW_SHARE = 0.1f;

    private final Kernels.Choice kernels;
    private final Network network;
    private final Shape image;
    private transient FusedSgd sgd;
    private transient GpuBackend gpu;
    private double loss;
    private long errors;

    NetworkGraph(ComputationGraphConfiguration configuration, Kernels.Choice kernels, Network network, Shape image) {
        super(configuration);
        this.kernels = kernels;
        this.network = network;
        this.image = image;
    }

    @Override
    public void init(INDArray parameters, boolean cloneParameters) {
        boolean again = initCalled;
        super.init(parameters, cloneParameters);
        if (again || !FusedSgd.supports(this)) {
            return;
        }
        sgd = new FusedSgd(this);
        solver = new Solver() {
            @Override
            public ConvexOptimizer getOptimizer() {
                return sgd;
            }
        };
    }

    /**
     * Sets the learning rate of the following steps, overriding the updater's schedule.
     *
     * @throws IllegalStateException if the updater is not {@link io.resnetspark.model.layer.SgdMomentum}; likewise
     *     below
     */
    public void learningRate(double learningRate) {
        requireSgd().learningRate(learningRate);
    }

    /**
     * Moves computation to a GPU: {@link #fit(DataSet)} and {@link #outputSingle(INDArray...)} then run there, with the
     * same parameters.
     *
     * @param deterministic whether only deterministic algorithms are used
     * @throws io.resnetspark.model.cuda.CudaUnavailableException if the libraries or kernels cannot be loaded
     */
    public void moveTo(Device device, Precision precision, boolean deterministic) {
        leaveGpu();
        gpu = new GpuBackend(this, sgd, network, image, device, precision, deterministic);
    }

    public boolean isOnGpu() {
        return gpu != null;
    }

    /** Moves computation back to the CPU, with the current parameters; frees the GPU's memory. */
    public void leaveGpu() {
        if (gpu != null) {
            try (GpuBackend closed = gpu) {
                closed.synchronize();
            } finally {
                gpu = null;
            }
        }
    }

    @Override
    public void fit(DataSet data) {
        if (gpu == null) {
            super.fit(data);
            loss += super.score() * data.numExamples();
            errors += Classifier.errorsOf(getOutputLayer(0));
        } else {
            gpu.fit(data, requireSgd().learningRateOf(this));
        }
    }

    /**
     * A training step on 8-bit images; only on a GPU, which applies their deferred augmentation.
     *
     * @throws IllegalStateException on the CPU
     */
    public void fit(Uint8Minibatch images) {
        if (gpu == null) {
            throw new IllegalStateException(
                    "Only a network that was moved to a GPU takes levels; give this one floats");
        }
        gpu.fit(images, requireSgd().learningRateOf(this));
    }

    /**
     * Repeats the last {@code fit} or {@code outputSingle} on the GPU, on the input that is still there, without
     * returning its result; for benchmarks. {@link #awaitGpu} waits for it.
     */
    public void repeatOnGpu() {
        gpu.repeat();
    }

    /** Waits for all enqueued work of the GPU. */
    public void awaitGpu() {
        gpu.await();
    }

    /** Loss and errors of all images in {@code fit} since the last call; waits for a GPU. */
    public TrainingTotals takeTotals() {
        TrainingTotals totals = gpu == null ? new TrainingTotals(loss, errors) : gpu.takeTotals();
        loss = 0;
        errors = 0;
        return totals;
    }

    @Override
    public double score() {
        return gpu == null ? super.score() : gpu.score();
    }

    /**
     * The probabilities of a batch of images.
     *
     * @param images one array, batch x channels x height x width. On a CPU, networks that {@linkplain
     *     Network#takesAnySize take any size} may be given any height and width.
     * @throws IllegalArgumentException if they have another size, on a GPU or where fully connected layers are for one
     */
    @Override
    public INDArray outputSingle(INDArray... images) {
        boolean built = images[0].size(2) == image.height() && images[0].size(3) == image.width();
        if (!built && (gpu != null || !network.takesAnySize())) {
            throw new IllegalArgumentException(String.format(
                    "This %s was built for images of %d x %d pixels%s, not of %d x %d",
                    network.name(),
                    image.height(),
                    image.width(),
                    gpu == null ? "" : " on a GPU",
                    images[0].size(2),
                    images[0].size(3)));
        }
        return gpu == null ? super.outputSingle(images) : gpu.probabilities(images[0]);
    }

    /**
     * What the classifier computes its scores from, such as the averages of the last feature maps, and the probabilities
     * that it comes to.
     *
     * @param images batch x channels x height x width
     * @return batch x features, then batch x classes
     * @throws IllegalStateException on a GPU, which keeps no features
     */
    public INDArray[] featuresAndProbabilities(INDArray images) {
        if (gpu != null) {
            throw new IllegalStateException("A network on a GPU keeps no features; leave the GPU first");
        }
        GraphVertex classifier =
                getVertex(getConfiguration().getNetworkOutputs().get(0));
        int features = classifier.getInputVertices()[0].getVertexIndex();
        return outputOfLayersDetached(
                false,
                FwdPassType.STANDARD,
                new int[] {features, classifier.getVertexIndex()},
                new INDArray[] {images},
                null,
                null,
                true,
                true,
                null);
    }

    /** The current parameters, in DL4J's order. */
    public float[] copyParameters() {
        return NativeFloats.copy(params());
    }

    /** The current momentum, in the updater's order. */
    public float[] copyVelocity() {
        if (gpu != null) {
            gpu.synchronize();
        }
        return NativeFloats.copy(getUpdater().getStateViewArray());
    }

    /** The same into existing arrays, of the lengths of parameters and velocity. */
    public void copyTo(float[] parameters, float[] velocity) {
        NativeFloats.copy(params(), parameters); // which copies both from a GPU
        NativeFloats.copy(getUpdater().getStateViewArray(), velocity);
    }

    public void assignParameters(float... parameters) {
        if (gpu != null) {
            gpu.assignParameters(parameters);
        } else {
            NativeFloats.assign(params(), parameters);
        }
    }

    /** @param velocity empty for zero */
    public void assignVelocity(float... velocity) {
        float[] all = velocity.length > 0
                ? velocity
                : new float[(int) getUpdater().getStateViewArray().length()];
        if (gpu != null) {
            gpu.assignVelocity(all);
        } else {
            NativeFloats.assign(getUpdater().getStateViewArray(), all);
        }
    }

    @Override
    public INDArray params() {
        if (gpu != null) {
            gpu.synchronize();
        }
        return super.params();
    }

    /**
     * The batch statistics of a minibatch: mean and unbiased variance, at the positions of the running ones among the
     * parameters; other positions are undefined. Parameters are not updated.
     */
    public float[] batchStatistics(DataSet minibatch) {
        return gpu == null ? batchStatisticsOnCpu(minibatch) : gpu.gradient(minibatch);
    }

    private float[] batchStatisticsOnCpu(DataSet minibatch) {
        float[] gradient = gradient(minibatch);
        float[] running = copyParameters();
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = running[i] - gradient[i] / NEW_SHARE;
        }
        return gradient;
    }

    private float[] gradient(DataSet minibatch) {
        setInputs(minibatch.getFeatures());
        setLabels(minibatch.getLabels());
        computeGradientAndScore();
        return NativeFloats.copy(getFlattenedGradients());
    }

    /** Clips the norm of a step's mean gradient, over all parameters together. */
    public void clipGradientNorm(double norm) {
        requireSgd().maxGradientNorm(norm);
    }

    /** Makes the next {@code minibatches} calls of {@link #fit} one step, as if their examples were one minibatch. */
    public void beginStep(int minibatches) {
        if (gpu == null) {
            requireSgd().beginStep(minibatches);
        } else {
            gpu.beginStep(minibatches);
        }
    }

    private FusedSgd requireSgd() {
        if (sgd == null) {
            throw new IllegalStateException("Only networks that were built with the updater Momentum can do this");
        }
        return sgd;
    }

    @Override
    public ComputationGraph clone() {
        NetworkGraph copy = new NetworkGraph(getConfiguration().clone(), kernels, network, image);
        copy.init(params().dup(), false);
        INDArray state = getUpdater().getStateViewArray();
        if (state != null) {
            copy.getUpdater().setStateViewArray(state.dup());
        }
        return copy;
    }

    @Override
    protected synchronized Map<String, INDArray> ffToLayerActivationsDetached(
            boolean training,
            FwdPassType pass,
            boolean storeLastForTbptt,
            int layer,
            int[] excluded,
            INDArray[] features,
            INDArray[] featureMasks,
            INDArray[] labelMasks,
            boolean clear) {
        return plain(super.ffToLayerActivationsDetached(
                training, pass, storeLastForTbptt, layer, excluded, features, featureMasks, labelMasks, clear));
    }

    /** During a training step only listeners see these. */
    @Override
    protected synchronized Map<String, INDArray> ffToLayerActivationsInWS(
            boolean training,
            int layer,
            int[] excluded,
            FwdPassType pass,
            boolean storeLastForTbptt,
            INDArray[] features,
            INDArray[] featureMasks,
            INDArray[] labelMasks,
            boolean clear) {
        Map<String, INDArray> activations = super.ffToLayerActivationsInWS(
                training, layer, excluded, pass, storeLastForTbptt, features, featureMasks, labelMasks, clear);
        return getListeners().isEmpty() ? activations : plain(activations);
    }

    @Override
    protected INDArray[] outputOfLayersDetached(
            boolean training,
            FwdPassType pass,
            int[] layers,
            INDArray[] features,
            INDArray[] featureMasks,
            INDArray[] labelMasks,
            boolean clear,
            boolean detachedInputs,
            MemoryWorkspace workspace) {
        INDArray[] outputs = super.outputOfLayersDetached(
                training, pass, layers, features, featureMasks, labelMasks, clear, detachedInputs, workspace);
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = plain(getVertices()[layers[i]].getVertexName(), outputs[i]);
        }
        return outputs;
    }

    private Map<String, INDArray> plain(Map<String, INDArray> activations) {
        Map<String, INDArray> plain = new LinkedHashMap<>();
        activations.forEach((name, values) -> plain.put(name, plain(name, values)));
        return plain;
    }

    /** A layer's activations or their gradients, batch x channels x height x width, from the kernels' layout. */
    INDArray plain(String name, INDArray values) {
        if (values.rank() != 4 || getConfiguration().getNetworkInputs().contains(name)) {
            return values;
        }
        try (MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray plain = Nd4j.createUninitialized(values.dataType(), values.shape(), 'c');
            Shape shape = new Shape((int) values.size(1), (int) values.size(2), (int) values.size(3));
            kernels.on(values.dataType())
                    .layout(values.size(0), shape)
                    .toPlain(values, plain, length -> Nd4j.createUninitialized(values.dataType(), length, 'c'));
            return plain;
        }
    }
}
