package io.resnetspark.model.layer;

import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.LayoutKernel;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Flattens images, channel by channel and row by row: batch x channels x height x width to batch x (channels * height *
 * width).
 */
public class Flatten extends ParameterlessVertex {
    private static final long serialVersionUID = 1;

    /** For Jackson. */
    Flatten() {
        this(Kernels.Choice.AUTO);
    }

    public Flatten(Kernels.Choice kernels) {
        super(kernels);
    }

    @Override
    public Flatten clone() {
        return new Flatten(kernels);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Flatten that && kernels == that.kernels;
    }

    @Override
    public int hashCode() {
        return kernels.hashCode();
    }

    @Override
    public int minVertexInputs() {
        return 1;
    }

    @Override
    public int maxVertexInputs() {
        return 1;
    }

    @Override
    public InputType getOutputType(int index, InputType... inputs) {
        return InputType.feedForward(Layers.shape(inputs[0]).elements());
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph, String name, int index, INDArray parameters, boolean initialize, DataType type) {
        return new Computation(graph, name, index, type, kernels.on(type));
    }

    static final class Computation extends ParameterlessVertex.Computation {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final transient KernelCache<LayoutKernel> kernel = new KernelCache<>();

        Computation(ComputationGraph graph, String name, int index, DataType type, Kernels kernels) {
            super(graph, name, index, type);
            this.kernels = kernels;
        }

        private LayoutKernel kernel() {
            INDArray images = inputs[0];
            return kernel.of(images, () -> kernels.layout(images.size(0), Layers.shape(images)));
        }

        @Override
        public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
            long batch = inputs[0].size(0);
            INDArray vectors = Layers.activations(workspaces, dataType, batch, inputs[0].length() / batch);
            kernel().toPlain(inputs[0], vectors, Layers.forward(workspaces, dataType));
            return vectors;
        }

        @Override
        public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
            INDArray gradient = Layers.gradients(workspaces, dataType, inputs[0].shape());
            var memory = Layers.backward(workspaces, dataType);
            // A fully connected layer's gradient is a matrix product, in 'f' order.
            kernel().fromPlain(Layers.contiguous(epsilon, memory), gradient, memory);
            return new Pair<>(null, new INDArray[] {gradient});
        }
    }
}
