package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Primitive.Argument;
import java.lang.ref.Reference;
import java.util.function.Function;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolution through oneDNN. Activations are in the layout of {@link OneDnn#activations}. Weights stay in plain
 * outputs x inputs x kernel x kernel, as in DL4J and PyTorch, and are reordered at each call; they are small compared
 * with the activations.
 *
 * <p>With AVX-512, 3x3 convolutions of stride 1 use Winograd's F(4x4, 3x3) in both backward passes and in inference.
 * Its rounding error, about ten times that of the direct sum, does not propagate there. In training's forward pass it
 * would change the sign of more ReLUs than PyTorch's float does (docs/performance.md).
 */
final class OneDnnConvolution implements ConvolutionKernel {
    private final OneDnn oneDnn;
    private final Descriptors descriptors;
    private final convolution_forward.primitive_desc direct;
    private Pass training;
    private Pass inference;
    private Pass data;
    private Pass weights;

    OneDnnConvolution(OneDnn oneDnn, long batch, Shape input, KernelGeometry geometry, int outputs) {
        this.oneDnn = oneDnn;
        this.descriptors = Descriptors.of(oneDnn, batch, input, geometry, outputs);
        this.direct = describeForward(algorithm.convolution_direct);
    }

    @Override
    public void train(INDArray input, INDArray weights, INDArray output, WorkingMemory memory) {
        if (training == null) {
            training = forward(direct);
        }
        training.runReadingWeights(weights, input, output, memory);
    }

    @Override
    public void infer(INDArray input, INDArray weights, INDArray output, WorkingMemory memory) {
        if (inference == null) {
            inference = forward(fastest(this::describeForward));
        }
        inference.runReadingWeights(weights, input, output, memory);
    }

    @Override
    public void backwardData(INDArray outputGradient, INDArray weights, INDArray inputGradient, WorkingMemory memory) {
        if (data == null) {
            data = backwardData(fastest(this::describeBackwardData));
        }
        data.runReadingWeights(weights, outputGradient, inputGradient, memory);
    }

    @Override
    public void backwardWeights(
            INDArray input, INDArray outputGradient, INDArray weightGradient, WorkingMemory memory) {
        if (weights == null) {
            weights = backwardWeights(fastest(this::describeBackwardWeights));
        }
        weights.runWritingWeights(weightGradient, input, outputGradient, memory);
    }

    private <D> D fastest(Function<algorithm, D> describe) {
        if (descriptors.suitsWinograd()) {
            try {
                return describe.apply(algorithm.convolution_winograd);
            } catch (RuntimeException unimplemented) { // on AVX2, for example
                return describe.apply(algorithm.convolution_direct);
            }
        }
        return describe.apply(algorithm.convolution_direct);
    }

    /**
     * Always a training forward pass: for inference, Winograd needs a weight reorder that takes longer than the
     * convolution.
     */
    private convolution_forward.primitive_desc describeForward(algorithm algorithm) {
        Descriptors g = descriptors;
        return new convolution_forward.primitive_desc(
                new convolution_forward.desc(
                        prop_kind.forward_training,
                        algorithm,
                        g.input,
                        g.anyWeights(),
                        g.output,
                        g.strides(),
                        g.padding(),
                        g.padding()),
                OneDnn.callersScratchpad(),
                oneDnn.engine());
    }

    private convolution_backward_data.primitive_desc describeBackwardData(algorithm algorithm) {
        Descriptors g = descriptors;
        return new convolution_backward_data.primitive_desc(
                new convolution_backward_data.desc(
                        algorithm, g.input, g.anyWeights(), g.output, g.strides(), g.padding(), g.padding()),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                direct);
    }

    private convolution_backward_weights.primitive_desc describeBackwardWeights(algorithm algorithm) {
        Descriptors g = descriptors;
        return new convolution_backward_weights.primitive_desc(
                new convolution_backward_weights.desc(
                        algorithm, g.input, g.anyWeights(), g.output, g.strides(), g.padding(), g.padding()),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                direct);
    }

    private Pass forward(convolution_forward.primitive_desc descriptor) {
        memory.desc blocked = descriptor.weights_desc();
        Primitive primitive = Primitive.of(
                new convolution_forward(descriptor),
                descriptor,
                new Argument(dnnl.DNNL_ARG_SRC, descriptors.input),
                new Argument(dnnl.DNNL_ARG_DST, descriptors.output),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, blocked));
        return Pass.of(primitive, descriptors.plainWeights(), blocked, blocked);
    }

    private Pass backwardData(convolution_backward_data.primitive_desc descriptor) {
        memory.desc blocked = descriptor.weights_desc();
        Primitive primitive = Primitive.of(
                new convolution_backward_data(descriptor),
                descriptor,
                new Argument(dnnl.DNNL_ARG_DIFF_DST, descriptors.output),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, descriptors.input),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, blocked));
        return Pass.of(primitive, descriptors.plainWeights(), blocked, blocked);
    }

    private Pass backwardWeights(convolution_backward_weights.primitive_desc descriptor) {
        memory.desc blocked = descriptor.diff_weights_desc();
        Primitive primitive = Primitive.of(
                new convolution_backward_weights(descriptor),
                descriptor,
                new Argument(dnnl.DNNL_ARG_SRC, descriptors.input),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, descriptors.output),
                new Argument(dnnl.DNNL_ARG_DIFF_WEIGHTS, blocked));
        return Pass.of(primitive, blocked, descriptors.plainWeights(), blocked);
    }

    /** The convolution as oneDNN descriptors. */
    private record Descriptors(
            memory.desc input, memory.desc output, KernelGeometry geometry, int inputs, int outputs, long pixels) {
        static Descriptors of(OneDnn oneDnn, long batch, Shape input, KernelGeometry geometry, int outputs) {
            Shape output = geometry.outputShape(input, outputs);
            boolean oneBlock = input.channels() == outputs && oneDnn.fillsOneBlock(outputs);
            return new Descriptors(
                    oneBlock ? OneDnn.nhwc(batch, input) : oneDnn.activations(batch, input),
                    oneBlock ? OneDnn.nhwc(batch, output) : oneDnn.activations(batch, output),
                    geometry,
                    input.channels(),
                    outputs,
                    batch * output.height() * output.width());
        }

        /** Transforming the weights pays off if many pixels share them: not for 7x7x512 with a batch of 8. */
        boolean suitsWinograd() {
            return geometry.kernel() == 3
                    && geometry.stride() == 1
                    && Math.min(inputs, outputs) >= 32
                    && pixels >= 2L * Math.max(inputs, outputs);
        }

        memory.desc anyWeights() {
            return OneDnn.any(outputs, inputs, geometry.kernel(), geometry.kernel());
        }

        memory.desc plainWeights() {
            return OneDnn.plain(outputs, inputs, geometry.kernel(), geometry.kernel());
        }

        long[] strides() {
            return new long[] {geometry.stride(), geometry.stride()};
        }

        long[] padding() {
            return new long[] {geometry.padding(), geometry.padding()};
        }
    }

    /**
     * A primitive, with the reorder of its weights between the plain layout and its own.
     *
     * @param reorder null if the layouts are the same
     */
    private record Pass(Primitive primitive, Primitive reorder, long blockedLength) {
        static Pass of(Primitive primitive, memory.desc from, memory.desc to, memory.desc blocked) {
            Primitive reorder = from.equals(to) ? null : Primitive.reorder(from, to);
            return new Pass(primitive, reorder, blocked.get_size() / Float.BYTES);
        }

        void runReadingWeights(INDArray plain, INDArray from, INDArray to, WorkingMemory memory) {
            INDArray blocked = blocked(plain, memory);
            if (reorder != null) {
                reorder.run(memory, address(plain), address(blocked));
            }
            run(from, to, blocked, memory);
        }

        void runWritingWeights(INDArray plain, INDArray from, INDArray with, WorkingMemory memory) {
            INDArray blocked = blocked(plain, memory);
            try {
                run(from, with, blocked, memory);
                if (reorder != null) {
                    reorder.run(memory, address(blocked), address(plain));
                }
            } finally {
                Reference.reachabilityFence(blocked);
            }
        }

        private INDArray blocked(INDArray plain, WorkingMemory memory) {
            return reorder == null ? plain : memory.array(blockedLength);
        }

        private void run(INDArray first, INDArray second, INDArray blocked, WorkingMemory memory) {
            try {
                primitive.run(memory, address(first), address(second), address(blocked));
            } finally {
                Reference.reachabilityFence(blocked); // outside of a workspace, its memory would be freed with it
            }
        }
    }
}
