package io.resnetspark.model.graph;

import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Kernels;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.FwdPassType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.Solver;
import org.deeplearning4j.optimize.api.ConvexOptimizer;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A {@link ComputationGraph} that trains as a run wants it, and whose activations come to its users in plain batch x channels x height x width, however
 * the kernels lay them out between layers, and whose parameters move in one pass ({@link MomentumDescent}).
 *
 * <p>A DL4J graph of the same configuration computes the same, slower, and shows activations as they lie in memory.
 */
public final class NetworkGraph extends ComputationGraph {
    private static final long serialVersionUID = 1;

    private final Kernels.Choice kernels;
    private transient MomentumDescent descent;

    NetworkGraph(ComputationGraphConfiguration configuration, Kernels.Choice kernels) {
        super(configuration);
        this.kernels = kernels;
    }

    @Override
    public void init(INDArray parameters, boolean cloneParameters) {
        boolean again = initCalled;
        super.init(parameters, cloneParameters);
        if (again || !MomentumDescent.suits(this)) {
            return;
        }
        descent = new MomentumDescent(this);
        solver = new Solver() {
            @Override
            public ConvexOptimizer getOptimizer() {
                return descent;
            }
        };
    }

    /**
     * Sets the learning rate of the steps from now on, whatever the updater's schedule says.
     *
     * @throws IllegalStateException if the updater is not {@link io.resnetspark.model.layer.Momentum}; so below
     */
    public void rate(double rate) {
        descent().rate(rate);
    }

    /** Bounds the norm of a step's mean gradient, over all parameters together; longer ones are scaled down to it. */
    public void largestGradientNorm(double norm) {
        descent().largestNorm(norm);
    }

    /** Lets the next {@code minibatches} calls of {@link #fit} make one step, as if their examples were one minibatch. */
    public void beginStep(int minibatches) {
        descent().beginStep(minibatches);
    }

    private MomentumDescent descent() {
        if (descent == null) {
            throw new IllegalStateException("Only networks that were built with the updater Momentum can do this");
        }
        return descent;
    }

    @Override
    public ComputationGraph clone() {
        NetworkGraph copy = new NetworkGraph(getConfiguration().clone(), kernels);
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

    /** Within a training step only listeners see these. */
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

    private INDArray plain(String name, INDArray values) {
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
