package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.Shape;
import io.resnetspark.model.Window;
import io.resnetspark.model.kernel.Primitive.Argument;
import java.lang.ref.Reference;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolution through oneDNN. Activations come and go in {@link OneDnn#activations}; weights stay in plain
 * outputs x inputs x kernel x kernel, as DL4J and PyTorch keep them, and are reordered at each call: they are small
 * beside the activations.
 */
final class OneDnnConvolution implements ConvolutionKernel {
    private final OneDnn oneDnn;
    private final Geometry geometry;
    private final convolution_forward.primitive_desc descriptor;
    private final Primitive forward;
    private final Weights forwardWeights;
    private Primitive data;
    private Weights dataWeights;
    private Primitive weights;
    private Weights weightGradients;

    OneDnnConvolution(OneDnn oneDnn, long batch, Shape input, Window window, int outputs) {
        this.oneDnn = oneDnn;
        this.geometry = Geometry.of(oneDnn, batch, input, window, outputs);
        this.descriptor = new convolution_forward.primitive_desc(
                new convolution_forward.desc(
                        prop_kind.forward_training,
                        algorithm.convolution_direct,
                        geometry.input,
                        geometry.anyWeights(),
                        geometry.output,
                        geometry.strides(),
                        geometry.padding(),
                        geometry.padding()),
                OneDnn.callersScratchpad(),
                oneDnn.engine());
        this.forward = Primitive.of(
                new convolution_forward(descriptor),
                descriptor,
                new Argument(dnnl.DNNL_ARG_SRC, geometry.input),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, descriptor.weights_desc()),
                new Argument(dnnl.DNNL_ARG_DST, geometry.output));
        this.forwardWeights = Weights.reading(geometry.plainWeights(), descriptor.weights_desc());
    }

    @Override
    public void forward(INDArray input, INDArray weights, INDArray output, WorkingMemory memory) {
        INDArray blocked = forwardWeights.of(weights, memory);
        try {
            forward.run(memory, address(input), address(blocked), address(output));
        } finally {
            Reference.reachabilityFence(blocked);
        }
    }

    @Override
    public void backwardData(INDArray outputGradient, INDArray weights, INDArray inputGradient, WorkingMemory memory) {
        if (data == null) {
            prepareBackwardData();
        }
        INDArray blocked = dataWeights.of(weights, memory);
        try {
            data.run(memory, address(outputGradient), address(blocked), address(inputGradient));
        } finally {
            Reference.reachabilityFence(blocked);
        }
    }

    @Override
    public void backwardWeights(
            INDArray input, INDArray outputGradient, INDArray weightGradient, WorkingMemory memory) {
        if (weights == null) {
            prepareBackwardWeights();
        }
        INDArray blocked = weightGradients.scratch(weightGradient, memory);
        weights.run(memory, address(input), address(outputGradient), address(blocked));
        weightGradients.copy(blocked, weightGradient, memory);
    }

    private void prepareBackwardData() {
        convolution_backward_data.primitive_desc backward = new convolution_backward_data.primitive_desc(
                new convolution_backward_data.desc(
                        algorithm.convolution_direct,
                        geometry.input,
                        geometry.anyWeights(),
                        geometry.output,
                        geometry.strides(),
                        geometry.padding(),
                        geometry.padding()),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                descriptor);
        dataWeights = Weights.reading(geometry.plainWeights(), backward.weights_desc());
        data = Primitive.of(
                new convolution_backward_data(backward),
                backward,
                new Argument(dnnl.DNNL_ARG_DIFF_DST, geometry.output),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, backward.weights_desc()),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, geometry.input));
    }

    private void prepareBackwardWeights() {
        convolution_backward_weights.primitive_desc backward = new convolution_backward_weights.primitive_desc(
                new convolution_backward_weights.desc(
                        algorithm.convolution_direct,
                        geometry.input,
                        geometry.anyWeights(),
                        geometry.output,
                        geometry.strides(),
                        geometry.padding(),
                        geometry.padding()),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                descriptor);
        weightGradients = Weights.writing(backward.diff_weights_desc(), geometry.plainWeights());
        weights = Primitive.of(
                new convolution_backward_weights(backward),
                backward,
                new Argument(dnnl.DNNL_ARG_SRC, geometry.input),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, geometry.output),
                new Argument(dnnl.DNNL_ARG_DIFF_WEIGHTS, backward.diff_weights_desc()));
    }

    /** The convolution in oneDNN's terms. */
    private record Geometry(memory.desc input, memory.desc output, Window window, int inputs, int outputs) {
        static Geometry of(OneDnn oneDnn, long batch, Shape input, Window window, int outputs) {
            return new Geometry(
                    oneDnn.activations(batch, input),
                    oneDnn.activations(batch, window.slide(input, outputs)),
                    window,
                    input.channels(),
                    outputs);
        }

        memory.desc anyWeights() {
            return OneDnn.any(outputs, inputs, window.kernel(), window.kernel());
        }

        memory.desc plainWeights() {
            return OneDnn.plain(outputs, inputs, window.kernel(), window.kernel());
        }

        long[] strides() {
            return new long[] {window.stride(), window.stride()};
        }

        long[] padding() {
            return new long[] {window.padding(), window.padding()};
        }
    }

    /** Weights between the plain layout and the one that a primitive asks for; no copy where they are the same. */
    private static final class Weights {
        private final Primitive reorder;
        private final long blockedFloats;

        private Weights(memory.desc from, memory.desc to, memory.desc blocked) {
            this.reorder = from.equals(to) ? null : Primitive.reorder(from, to);
            this.blockedFloats = blocked.get_size() / Float.BYTES;
        }

        static Weights reading(memory.desc plain, memory.desc blocked) {
            return new Weights(plain, blocked, blocked);
        }

        static Weights writing(memory.desc blocked, memory.desc plain) {
            return new Weights(blocked, plain, blocked);
        }

        /** These weights in the primitive's layout. */
        INDArray of(INDArray plain, WorkingMemory memory) {
            INDArray blocked = scratch(plain, memory);
            copy(plain, blocked, memory);
            return blocked;
        }

        /** Room for the primitive's layout: the plain array itself where they are the same. */
        INDArray scratch(INDArray plain, WorkingMemory memory) {
            return reorder == null ? plain : memory.array(blockedFloats);
        }

        void copy(INDArray from, INDArray to, WorkingMemory memory) {
            if (reorder != null) {
                reorder.run(memory, address(from), address(to));
            }
        }
    }
}
