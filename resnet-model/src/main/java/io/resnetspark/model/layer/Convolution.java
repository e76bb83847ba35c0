package io.resnetspark.model.layer;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.kernel.BiasKernel;
import io.resnetspark.model.kernel.ConvolutionKernel;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.WorkingMemory;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A square convolution, padded by half its kernel: without bias and activation, before batch normalisation, or with
 * bias and ReLU.
 *
 * <p>DL4J's own layer repeats the forward convolution in every backward pass and cannot use oneDNN.
 */
public class Convolution extends ConvolutionLayer {
    private static final long serialVersionUID = 1;

    private static final String WEIGHTS = ConvolutionParamInitializer.WEIGHT_KEY;
    private static final String BIAS = ConvolutionParamInitializer.BIAS_KEY;

    @JsonProperty
    private Kernels.Choice kernels = Kernels.Choice.AUTO;

    @JsonProperty
    private boolean first;

    /** For Jackson. */
    Convolution() {
        super(new ConvolutionLayer.Builder(1, 1));
    }

    /**
     * @param biased whether a bias and ReLU follow
     * @param first whether the input is the image, whose gradient is not needed
     */
    public Convolution(KernelGeometry geometry, int outputs, boolean biased, boolean first, Kernels.Choice kernels) {
        super((BaseConvBuilder<?>) new ConvolutionLayer.Builder(geometry.kernel(), geometry.kernel())
                .stride(geometry.stride(), geometry.stride())
                .padding(geometry.padding(), geometry.padding())
                .nOut(outputs)
                .hasBias(biased)
                .activation(new ActivationIdentity()));
        this.first = first;
        this.kernels = kernels;
    }

    KernelGeometry geometry() {
        return new KernelGeometry(getKernelSize()[0], getStride()[0]);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        return Layers.type(geometry().outputShape(Layers.shape(inputType), (int) getNOut()));
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

    static final class Computation extends org.deeplearning4j.nn.layers.convolution.ConvolutionLayer {
        private static final long serialVersionUID = 1;

        private final transient Kernels kernels;
        private final transient KernelCache<ConvolutionKernel> kernel = new KernelCache<>();
        private final transient KernelCache<BiasKernel> biasKernel = new KernelCache<>();
        private transient INDArray output;

        Computation(NeuralNetConfiguration conf, DataType type, Kernels kernels) {
            super(conf, type);
            this.kernels = kernels;
        }

        private Convolution configuration() {
            return (Convolution) layerConf();
        }

        private ConvolutionKernel kernel() {
            Convolution c = configuration();
            return kernel.of(
                    input,
                    () -> kernels.convolution(input.size(0), Layers.shape(input), c.geometry(), (int) c.getNOut()));
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
            WorkingMemory memory = Layers.forward(workspaces, dataType);
            Convolution c = configuration();
            long[] shape = c.geometry()
                    .outputShape(Layers.shape(input), (int) c.getNOut())
                    .withBatch(input.size(0));
            INDArray y = Layers.activations(workspaces, dataType, shape);
            INDArray x = Layers.contiguous(input, memory);
            if (training) {
                kernel().train(x, weights(), y, memory);
            } else {
                kernel().infer(x, weights(), y, memory);
            }
            if (c.hasBias()) {
                biasKernel(y).forward(y, params.get(BIAS), memory);
                output = training ? y : null;
            }
            return y;
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
            WorkingMemory memory = Layers.backward(workspaces, dataType);
            INDArray x = Layers.contiguous(input, memory);
            INDArray outputGradient = Layers.contiguous(epsilon, memory);
            INDArray weightGradient = gradientViews.get(WEIGHTS);
            Gradient gradient = new DefaultGradient();
            if (configuration().hasBias()) {
                INDArray beforeRelu = memory.array(output.shape());
                INDArray biasGradient = gradientViews.get(BIAS);
                biasKernel(output).backward(output, outputGradient, beforeRelu, biasGradient, memory);
                outputGradient = beforeRelu;
                gradient.setGradientFor(BIAS, biasGradient);
            }
            INDArray inputGradient = null;
            if (configuration().first) {
                kernel().backwardWeights(x, outputGradient, weightGradient, memory);
            } else {
                inputGradient = Layers.gradients(workspaces, dataType, input.shape());
                kernel().backward(x, weights(), outputGradient, inputGradient, weightGradient, memory);
            }
            gradient.setGradientFor(WEIGHTS, weightGradient, 'c');
            output = null;
            return new Pair<>(gradient, inputGradient);
        }

        private BiasKernel biasKernel(INDArray images) {
            return biasKernel.of(images, () -> kernels.bias(images.size(0), Layers.shape(images)));
        }

        @Override
        public void clear() {
            super.clear();
            output = null;
        }

        private INDArray weights() {
            return params.get(WEIGHTS);
        }

        /** The score is the cross-entropy alone; weight decay acts in the gradient. */
        @Override
        public double calcRegularizationScore(boolean backpropOnlyParams) {
            return 0;
        }
    }
}
