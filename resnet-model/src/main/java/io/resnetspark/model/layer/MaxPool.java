package io.resnetspark.model.layer;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.PoolingKernel;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** Max pooling, padded as in {@link KernelGeometry}. */
public class MaxPool extends SubsamplingLayer {
    private static final long serialVersionUID = 1;

    @JsonProperty
    private Kernels.Choice kernels = Kernels.Choice.AUTO;

    /** For Jackson. */
    MaxPool() {
        this(new KernelGeometry(3, 2), Kernels.Choice.AUTO);
    }

    public MaxPool(KernelGeometry geometry, Kernels.Choice kernels) {
        super((BaseSubsamplingBuilder<?>) new SubsamplingLayer.Builder(PoolingType.MAX)
                .kernelSize(geometry.kernel(), geometry.kernel())
                .stride(geometry.stride(), geometry.stride())
                .padding(geometry.padding(), geometry.padding()));
        this.kernels = kernels;
    }

    KernelGeometry geometry() {
        return new KernelGeometry(getKernelSize()[0], getStride()[0]);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        return Layers.type(geometry()
                .outputShape(Layers.shape(inputType), Layers.shape(inputType).channels()));
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType type) {
        return Layers.initialize(
                new Computation(conf, type, kernels.on(type)), conf, listeners, index, parameters, initialize);
    }

    static final class Computation extends org.deeplearning4j.nn.layers.convolution.subsampling.SubsamplingLayer {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final transient KernelCache<PoolingKernel> kernel = new KernelCache<>();

        Computation(NeuralNetConfiguration conf, DataType type, Kernels kernels) {
            super(conf, type);
            this.kernels = kernels;
        }

        private KernelGeometry geometry() {
            return ((MaxPool) layerConf()).geometry();
        }

        private PoolingKernel kernel() {
            return kernel.of(input, () -> kernels.maxPool(input.size(0), Layers.shape(input), geometry()));
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
            long[] shape = geometry()
                    .outputShape(Layers.shape(input), (int) input.size(1))
                    .withBatch(input.size(0));
            INDArray output = Layers.activations(workspaces, dataType, shape);
            kernel().forward(input, output, Layers.forward(workspaces, dataType));
            return output;
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            INDArray inputGradient = Layers.gradients(workspaces, dataType, input.shape());
            kernel().backward(input, epsilon, inputGradient, Layers.backward(workspaces, dataType));
            return new Pair<>(new DefaultGradient(), inputGradient);
        }
    }
}
