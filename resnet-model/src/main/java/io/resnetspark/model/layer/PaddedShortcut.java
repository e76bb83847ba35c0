package io.resnetspark.model.layer;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.ConvolutionKernel;
import io.resnetspark.model.kernel.Kernels;
import java.util.Objects;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The parameter-free shortcut (paper, option A): every {@code stride}-th pixel, with zero channels, half of them before
 * and half after the image's own.
 *
 * <p>Computed as a 1x1 convolution with weights of zero and one. That is exact, needs no kernel of its own in any
 * layout, and costs 0.3 % of ResNet-20.
 */
public class PaddedShortcut extends ParameterlessVertex {
    private static final long serialVersionUID = 1;

    @JsonProperty
    private int stride;

    @JsonProperty
    private int outputs;

    /** For Jackson. */
    PaddedShortcut() {
        super(Kernels.Choice.AUTO);
    }

    public PaddedShortcut(int stride, int outputs, Kernels.Choice kernels) {
        super(kernels);
        this.stride = stride;
        this.outputs = outputs;
    }

    @Override
    public PaddedShortcut clone() {
        return new PaddedShortcut(stride, outputs, kernels);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PaddedShortcut that
                && stride == that.stride
                && outputs == that.outputs
                && kernels == that.kernels;
    }

    @Override
    public int hashCode() {
        return Objects.hash(stride, outputs, kernels);
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
        Shape input = Layers.shape(inputs[0]);
        if (outputs < input.channels()) {
            throw new IllegalArgumentException(
                    "A padded shortcut adds channels: from " + input.channels() + " it cannot make " + outputs);
        }
        return Layers.type(new KernelGeometry(1, stride).outputShape(input, outputs));
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph, String name, int index, INDArray parameters, boolean initialize, DataType type) {
        return new Computation(graph, name, index, type, kernels.on(type), new KernelGeometry(1, stride), outputs);
    }

    static final class Computation extends ParameterlessVertex.Computation {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final transient KernelGeometry geometry;
        private final int outputs;
        private final transient KernelCache<ConvolutionKernel> kernel = new KernelCache<>();
        private transient INDArray selection;

        Computation(
                ComputationGraph graph,
                String name,
                int index,
                DataType type,
                Kernels kernels,
                KernelGeometry geometry,
                int outputs) {
            super(graph, name, index, type);
            this.kernels = kernels;
            this.geometry = geometry;
            this.outputs = outputs;
        }

        private ConvolutionKernel kernel(INDArray input) {
            return kernel.of(input, () -> kernels.convolution(input.size(0), Layers.shape(input), geometry, outputs));
        }

        @Override
        public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
            INDArray input = inputs[0];
            if (selection == null) {
                selection = selection((int) input.size(1));
            }
            long[] shape = geometry.outputShape(Layers.shape(input), outputs).withBatch(input.size(0));
            INDArray output = Layers.activations(workspaces, dataType, shape);
            kernel(input).train(input, selection, output, Layers.forward(workspaces, dataType));
            return output;
        }

        @Override
        public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
            INDArray gradient = Layers.gradients(workspaces, dataType, inputs[0].shape());
            kernel(inputs[0]).backwardData(epsilon, selection, gradient, Layers.backward(workspaces, dataType));
            return new Pair<>(null, new INDArray[] {gradient});
        }

        /** Outputs x inputs x 1 x 1, with a one where an output channel is an input channel. */
        private INDArray selection(int channels) {
            INDArray weights = Nd4j.zeros(dataType, outputs, channels, 1, 1).detach();
            int before = (outputs - channels) / 2;
            for (int c = 0; c < channels; c++) {
                weights.putScalar(new long[] {before + c, c, 0, 0}, 1);
            }
            return weights;
        }
    }
}
