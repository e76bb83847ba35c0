package io.resnetspark.model.kernel;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Kernels on libnd4j's own ops, in plain NCHW, for any processor, float or double; on a CUDA backend they use cuDNN.
 */
final class Nd4jKernels implements Kernels {
    @Override
    public String description() {
        return "ND4J ops on " + Nd4j.getBackend().getClass().getSimpleName() + ", plain NCHW";
    }

    @Override
    public ConvolutionKernel convolution(long batch, Shape input, KernelGeometry geometry, int outputs) {
        return new Convolution(geometry);
    }

    @Override
    public NormalizationKernel normalization(long batch, Shape shape, double epsilon, boolean relu) {
        return new Normalization(epsilon, relu);
    }

    @Override
    public PoolingKernel maxPool(long batch, Shape input, KernelGeometry geometry) {
        return new MaxPool(geometry);
    }

    @Override
    public PoolingKernel globalAverage(long batch, Shape input) {
        return new GlobalAverage();
    }

    @Override
    public AdditionKernel addition(long elements, boolean relu) {
        return new Addition(relu);
    }

    @Override
    public BiasKernel bias(long batch, Shape shape) {
        return new Bias();
    }

    @Override
    public LayoutKernel layout(long batch, Shape shape) {
        return new Plain();
    }

    private static DynamicCustomOp.DynamicCustomOpsBuilder op(String name, INDArray... inputs) {
        return DynamicCustomOp.builder(name).addInputs(inputs);
    }

    private static void run(DynamicCustomOp.DynamicCustomOpsBuilder op, INDArray... outputs) {
        Nd4j.exec(op.addOutputs(outputs).build());
    }

    private record Convolution(KernelGeometry geometry) implements ConvolutionKernel {
        @Override
        public void infer(INDArray input, INDArray weights, INDArray output, WorkingMemory memory) {
            train(input, weights, output, memory);
        }

        @Override
        public void train(INDArray input, INDArray weights, INDArray output, WorkingMemory memory) {
            run(op("conv2d", input, weights).addIntegerArguments(opArguments()), output);
        }

        @Override
        public void backwardData(
                INDArray outputGradient, INDArray weights, INDArray inputGradient, WorkingMemory memory) {
            INDArray anyInput = memory.array(inputGradient.shape()).assign(0);
            backward(anyInput, weights, outputGradient, inputGradient, memory.array(weights.shape()), memory);
        }

        @Override
        public void backwardWeights(
                INDArray input, INDArray outputGradient, INDArray weightGradient, WorkingMemory memory) {
            INDArray anyWeights = memory.array(weightGradient.shape()).assign(0);
            backward(input, anyWeights, outputGradient, memory.array(input.shape()), weightGradient, memory);
        }

        @Override
        public void backward(
                INDArray input,
                INDArray weights,
                INDArray outputGradient,
                INDArray inputGradient,
                INDArray weightGradient,
                WorkingMemory memory) {
            run(
                    op("conv2d_bp", input, weights, outputGradient).addIntegerArguments(opArguments()),
                    inputGradient,
                    weightGradient);
        }

        /** Kernel, stride, padding and dilation, each twice; 0: that padding; 0: NCHW; 1: weights out, in, k, k. */
        private int[] opArguments() {
            int k = geometry.kernel();
            int s = geometry.stride();
            int p = geometry.padding();
            return new int[] {k, k, s, s, p, p, 1, 1, 0, 0, 1};
        }
    }

    private record Normalization(double epsilon, boolean relu) implements NormalizationKernel {
        private static final int CHANNELS = 1;

        @Override
        public void train(
                INDArray input,
                INDArray gamma,
                INDArray beta,
                INDArray output,
                INDArray mean,
                INDArray variance,
                WorkingMemory memory) {
            Shape shape = new Shape((int) input.size(1), (int) input.size(2), (int) input.size(3));
            GroupedMoments groups = GroupedMoments.of(input.size(0), shape, 1);
            INDArray pixels = input.reshape('c', groups.count(), groups.pixelsPerGroup());
            groups.join(doubles(pixels.mean(1)), doubles(pixels.var(false, 1)), mean, variance);
            infer(input, gamma, beta, mean, variance, output, memory);
        }

        @Override
        public void infer(
                INDArray input,
                INDArray gamma,
                INDArray beta,
                INDArray mean,
                INDArray variance,
                INDArray output,
                WorkingMemory memory) {
            run(normalization("batchnorm", input, flat(mean), flat(variance), flat(gamma), flat(beta)), output);
            if (relu) {
                Transforms.relu(output, false);
            }
        }

        @Override
        public void backward(Saved forward, INDArray outputGradient, Gradients gradients, WorkingMemory memory) {
            INDArray gradient = relu ? outputGradient.mul(positive(forward.output())) : outputGradient;
            long channels = forward.gamma().length();
            run(
                    normalization(
                            "batchnorm_bp",
                            forward.input(),
                            flat(forward.mean()),
                            flat(forward.variance()),
                            flat(forward.gamma()),
                            flat(forward.beta()),
                            gradient),
                    gradients.input(),
                    memory.array(channels),
                    memory.array(channels),
                    flat(gradients.gamma()),
                    flat(gradients.beta()));
        }

        private DynamicCustomOp.DynamicCustomOpsBuilder normalization(String name, INDArray... inputs) {
            return op(name, inputs)
                    .addIntegerArguments(1 /* scale */, 1 /* shift */, CHANNELS)
                    .addFloatingPointArguments(epsilon);
        }

        private static double[] doubles(INDArray vector) {
            return vector.data().asDouble();
        }

        private static INDArray flat(INDArray vector) {
            return vector.reshape(vector.length());
        }
    }

    private record MaxPool(KernelGeometry geometry) implements PoolingKernel {
        @Override
        public void forward(INDArray input, INDArray output, WorkingMemory memory) {
            run(op("maxpool2d", input).addIntegerArguments(opArguments()), output);
        }

        @Override
        public void backward(INDArray input, INDArray outputGradient, INDArray inputGradient, WorkingMemory memory) {
            run(op("maxpool2d_bp", input, outputGradient).addIntegerArguments(opArguments()), inputGradient);
        }

        /** Kernel, stride, padding and dilation, each twice; 0: that padding; 1: unused by max; 0: NCHW. */
        private int[] opArguments() {
            int k = geometry.kernel();
            int s = geometry.stride();
            int p = geometry.padding();
            return new int[] {k, k, s, s, p, p, 1, 1, 0, 1, 0};
        }
    }

    private record GlobalAverage() implements PoolingKernel {
        @Override
        public void forward(INDArray input, INDArray output, WorkingMemory memory) {
            output.assign(input.mean(2, 3).reshape(output.shape()));
        }

        @Override
        public void backward(INDArray input, INDArray outputGradient, INDArray inputGradient, WorkingMemory memory) {
            long pixels = input.size(2) * input.size(3);
            INDArray share = outputGradient.div(pixels).reshape(input.size(0), input.size(1), 1, 1);
            inputGradient.assign(share.broadcast(input.shape()));
        }
    }

    private record Addition(boolean relu) implements AdditionKernel {
        @Override
        public void forward(INDArray a, INDArray b, INDArray sum, WorkingMemory memory) {
            a.addi(b, sum);
            if (relu) {
                Transforms.relu(sum, false);
            }
        }

        @Override
        public void backward(INDArray sum, INDArray sumGradient, INDArray gradient, WorkingMemory memory) {
            if (relu) {
                sumGradient.muli(positive(sum), gradient);
            } else {
                gradient.assign(sumGradient);
            }
        }
    }

    private record Bias() implements BiasKernel {
        @Override
        public void forward(INDArray images, INDArray bias, WorkingMemory memory) {
            images.addi(bias.reshape(1, bias.length(), 1, 1).broadcast(images.shape()));
            Transforms.relu(images, false);
        }

        @Override
        public void backward(
                INDArray output,
                INDArray outputGradient,
                INDArray inputGradient,
                INDArray biasGradient,
                WorkingMemory memory) {
            outputGradient.muli(positive(output), inputGradient);
            biasGradient.assign(inputGradient.sum(0, 2, 3).reshape(biasGradient.shape()));
        }
    }

    /** The layout is plain already. */
    private record Plain() implements LayoutKernel {
        @Override
        public void toPlain(INDArray activations, INDArray plain, WorkingMemory memory) {
            plain.assign(activations);
        }

        @Override
        public void fromPlain(INDArray plain, INDArray activations, WorkingMemory memory) {
            activations.assign(plain);
        }
    }

    private static INDArray positive(INDArray values) {
        return values.gt(0).castTo(values.dataType());
    }
}
