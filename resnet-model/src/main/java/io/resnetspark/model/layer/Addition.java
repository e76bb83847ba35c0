package io.resnetspark.model.layer;

import io.resnetspark.model.kernel.AdditionKernel;
import io.resnetspark.model.kernel.Kernels;
import java.util.Objects;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.inputs.InvalidInputTypeException;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** The end of a block: residual + shortcut, two inputs of the same shape, optionally with ReLU. */
public class Addition extends ParameterlessVertex {
    private static final long serialVersionUID = 1;

    @JsonProperty
    private boolean relu;

    /** For Jackson. */
    Addition() {
        this(false, Kernels.Choice.AUTO);
    }

    public Addition(boolean relu, Kernels.Choice kernels) {
        super(kernels);
        this.relu = relu;
    }

    @Override
    public Addition clone() {
        return new Addition(relu, kernels);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Addition that && relu == that.relu && kernels == that.kernels;
    }

    @Override
    public int hashCode() {
        return Objects.hash(relu, kernels);
    }

    @Override
    public int minVertexInputs() {
        return 2;
    }

    @Override
    public int maxVertexInputs() {
        return 2;
    }

    /** @throws InvalidInputTypeException if the shapes differ; DL4J's own vertex would silently broadcast */
    @Override
    public InputType getOutputType(int index, InputType... inputs) {
        if (!inputs[0].equals(inputs[1])) {
            throw new InvalidInputTypeException("A block's residual and its shortcut must have the same shape, not "
                    + inputs[0] + " and " + inputs[1]);
        }
        return inputs[0];
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph, String name, int index, INDArray parameters, boolean initialize, DataType type) {
        return new Computation(graph, name, index, type, kernels.on(type), relu);
    }

    static final class Computation extends ParameterlessVertex.Computation {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final boolean relu;
        private final transient KernelCache<AdditionKernel> kernel = new KernelCache<>();
        private transient INDArray sum;

        Computation(ComputationGraph graph, String name, int index, DataType type, Kernels kernels, boolean relu) {
            super(graph, name, index, type);
            this.kernels = kernels;
            this.relu = relu;
        }

        private AdditionKernel kernel(INDArray shaped) {
            return kernel.of(shaped, () -> kernels.addition(shaped.length(), relu));
        }

        @Override
        public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
            INDArray output = Layers.activations(workspaces, dataType, inputs[0].shape());
            kernel(output).forward(inputs[0], inputs[1], output, Layers.forward(workspaces, dataType));
            sum = training ? output : null;
            return output;
        }

        @Override
        public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
            INDArray gradient = Layers.gradients(workspaces, dataType, sum.shape());
            kernel(sum).backward(sum, epsilon, gradient, Layers.backward(workspaces, dataType));
            // One array for both: the residual branch has read it before DL4J adds the branch's own gradient to it,
            // because a block's last layer precedes its first in the backward order.
            return new Pair<>(null, new INDArray[] {gradient, gradient});
        }

        @Override
        public void clear() {
            super.clear();
            sum = null;
        }
    }
}
