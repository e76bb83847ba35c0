package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Primitive.Argument;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Pooling through oneDNN. Max pooling stores the position of each maximum; average pooling stores nothing. */
final class OneDnnPooling implements PoolingKernel {
    private final Primitive forward;
    private final Primitive backward;
    private final BytePointer maxima;

    private OneDnnPooling(
            OneDnn oneDnn,
            algorithm algorithm,
            memory.desc input,
            memory.desc output,
            long[] kernel,
            long[] stride,
            long[] padding) {
        pooling_forward.primitive_desc forward = new pooling_forward.primitive_desc(
                new pooling_forward.desc(
                        prop_kind.forward_training, algorithm, input, output, stride, kernel, padding, padding),
                OneDnn.callersScratchpad(),
                oneDnn.engine());
        pooling_backward.primitive_desc backward = new pooling_backward.primitive_desc(
                new pooling_backward.desc(algorithm, input, output, stride, kernel, padding, padding),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                forward);
        List<Argument> remembered = new ArrayList<>();
        if (algorithm == dnnl.algorithm.pooling_max) {
            maxima = new BytePointer(forward.workspace_desc().get_size());
            remembered.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, forward.workspace_desc()));
        } else {
            maxima = null;
        }
        this.forward = Primitive.of(
                new pooling_forward(forward),
                forward,
                with(remembered, dnnl.DNNL_ARG_SRC, input, dnnl.DNNL_ARG_DST, output));
        this.backward = Primitive.of(
                new pooling_backward(backward),
                backward,
                with(remembered, dnnl.DNNL_ARG_DIFF_DST, output, dnnl.DNNL_ARG_DIFF_SRC, input));
    }

    static OneDnnPooling max(OneDnn oneDnn, long batch, Shape input, KernelGeometry geometry) {
        return new OneDnnPooling(
                oneDnn,
                algorithm.pooling_max,
                oneDnn.activations(batch, input),
                oneDnn.activations(batch, geometry.outputShape(input, input.channels())),
                both(geometry.kernel()),
                both(geometry.stride()),
                both(geometry.padding()));
    }

    /** Its output, batch x channels x 1 x 1, has the memory order of the batch x channels that the classifier reads. */
    static OneDnnPooling globalAverage(OneDnn oneDnn, long batch, Shape input) {
        return new OneDnnPooling(
                oneDnn,
                algorithm.pooling_avg_exclude_padding,
                oneDnn.activations(batch, input),
                oneDnn.activations(batch, new Shape(input.channels(), 1, 1)),
                new long[] {input.height(), input.width()},
                both(1),
                both(0));
    }

    @Override
    public void forward(INDArray input, INDArray output, WorkingMemory memory) {
        run(forward, memory, input, output);
    }

    @Override
    public void backward(INDArray input, INDArray outputGradient, INDArray inputGradient, WorkingMemory memory) {
        run(backward, memory, outputGradient, inputGradient);
    }

    private void run(Primitive primitive, WorkingMemory memory, INDArray from, INDArray to) {
        if (maxima == null) {
            primitive.run(memory, address(from), address(to));
        } else {
            primitive.run(memory, address(from), address(to), maxima.address());
        }
    }

    private static Argument[] with(
            List<Argument> remembered, int from, memory.desc fromLayout, int to, memory.desc toLayout) {
        List<Argument> arguments = new ArrayList<>(List.of(new Argument(from, fromLayout), new Argument(to, toLayout)));
        arguments.addAll(remembered);
        return arguments.toArray(Argument[]::new);
    }

    private static long[] both(int value) {
        return new long[] {value, value};
    }
}
