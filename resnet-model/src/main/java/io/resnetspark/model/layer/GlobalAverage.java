package io.resnetspark.model.layer;

import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.PoolingKernel;
import io.resnetspark.model.kernel.WorkingMemory;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** Global average pooling: batch x channels x height x width to batch x channels. */
public class GlobalAverage extends GlobalPoolingLayer {
    private static final long serialVersionUID = 1;

    @JsonProperty
    private Kernels.Choice kernels = Kernels.Choice.AUTO;

    /** For Jackson. */
    GlobalAverage() {
        super(PoolingType.AVG);
    }

    public GlobalAverage(Kernels.Choice kernels) {
        this();
        this.kernels = kernels;
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

    static final class Computation extends org.deeplearning4j.nn.layers.pooling.GlobalPoolingLayer {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final transient KernelCache<PoolingKernel> kernel = new KernelCache<>();

        Computation(NeuralNetConfiguration conf, DataType type, Kernels kernels) {
            super(conf, type);
            this.kernels = kernels;
        }

        private PoolingKernel kernel() {
            return kernel.of(input, () -> kernels.globalAverage(input.size(0), Layers.shape(input)));
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
            INDArray output = Layers.activations(workspaces, dataType, input.size(0), input.size(1));
            kernel().forward(input, output, Layers.forward(workspaces, dataType));
            return output;
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            WorkingMemory memory = Layers.backward(workspaces, dataType);
            INDArray inputGradient = Layers.gradients(workspaces, dataType, input.shape());
            // The classifier's gradient is a matrix product, in 'f' order.
            kernel().backward(input, Layers.contiguous(epsilon, memory), inputGradient, memory);
            return new Pair<>(new DefaultGradient(), inputGradient);
        }
    }
}
