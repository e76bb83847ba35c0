package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Primitive.Argument;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.normalization_flags;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Batch normalisation through oneDNN, fused with ReLU; the mask of positive outputs is kept, with a bit or byte per
 * value.
 */
final class OneDnnNormalization implements NormalizationKernel {
    private final OneDnn oneDnn;
    private final memory.desc activations;
    private final memory.desc statistics;
    private final float epsilon;
    private final boolean relu;
    private final long batch;
    private final Shape shape;
    private OneDnnMoments moments;
    private batch_normalization_forward.primitive_desc training;
    private Primitive train;
    private Primitive infer;
    private Primitive backward;
    private BytePointer mask;

    OneDnnNormalization(OneDnn oneDnn, long batch, Shape shape, double epsilon, boolean relu) {
        this.oneDnn = oneDnn;
        this.batch = batch;
        this.shape = shape;
        this.activations = oneDnn.activations(batch, shape);
        this.statistics = OneDnn.vector(shape.channels());
        this.epsilon = (float) epsilon;
        this.relu = relu;
    }

    @Override
    public void train(
            INDArray input,
            INDArray gamma,
            INDArray beta,
            INDArray output,
            INDArray mean,
            INDArray variance,
            WorkingMemory memory) {
        if (train == null) {
            prepareTraining();
        }
        moments.measure(input, output, mean, variance, memory); // output is overwritten right after
        run(train, memory, input, gamma, beta, mean, variance, output);
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
        if (infer == null) {
            prepareInference();
        }
        infer.run(memory, addresses(input, gamma, beta, mean, variance, output));
    }

    @Override
    public void backward(Saved forward, INDArray outputGradient, Gradients gradients, WorkingMemory memory) {
        if (backward == null) {
            prepareBackward();
        }
        run(
                backward,
                memory,
                forward.input(),
                forward.gamma(),
                forward.beta(),
                forward.mean(),
                forward.variance(),
                outputGradient,
                gradients.input(),
                gradients.gamma(),
                gradients.beta());
    }

    private void run(Primitive primitive, WorkingMemory memory, INDArray... operands) {
        long[] addresses = addresses(operands);
        if (relu) {
            addresses = java.util.Arrays.copyOf(addresses, addresses.length + 1);
            addresses[addresses.length - 1] = mask.address();
        }
        primitive.run(memory, addresses);
    }

    private static long[] addresses(INDArray... arrays) {
        long[] addresses = new long[arrays.length];
        for (int i = 0; i < arrays.length; i++) {
            addresses[i] = address(arrays[i]);
        }
        return addresses;
    }

    private void prepareTraining() {
        moments = new OneDnnMoments(oneDnn, batch, shape);
        training = describe(prop_kind.forward_training, normalization_flags.use_global_stats);
        if (relu) {
            mask = new BytePointer(training.workspace_desc().get_size());
        }
        train = Primitive.of(new batch_normalization_forward(training), training, arguments(relu, outputs()));
    }

    private void prepareInference() {
        batch_normalization_forward.primitive_desc descriptor =
                describe(prop_kind.forward_inference, normalization_flags.use_global_stats);
        infer = Primitive.of(new batch_normalization_forward(descriptor), descriptor, arguments(false, outputs()));
    }

    private void prepareBackward() {
        batch_normalization_backward.primitive_desc descriptor = new batch_normalization_backward.primitive_desc(
                new batch_normalization_backward.desc(
                        prop_kind.backward.value, activations, activations, epsilon, flags(normalization_flags.none)),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                training);
        backward = Primitive.of(
                new batch_normalization_backward(descriptor),
                descriptor,
                arguments(
                        relu,
                        new Argument(dnnl.DNNL_ARG_DIFF_DST, activations),
                        new Argument(dnnl.DNNL_ARG_DIFF_SRC, activations),
                        new Argument(dnnl.DNNL_ARG_DIFF_SCALE, statistics),
                        new Argument(dnnl.DNNL_ARG_DIFF_SHIFT, statistics)));
    }

    private batch_normalization_forward.primitive_desc describe(prop_kind kind, normalization_flags statistics) {
        return new batch_normalization_forward.primitive_desc(
                new batch_normalization_forward.desc(kind.value, activations, epsilon, flags(statistics)),
                OneDnn.callersScratchpad(),
                oneDnn.engine());
    }

    private int flags(normalization_flags statistics) {
        return normalization_flags.use_scale.value
                | normalization_flags.use_shift.value
                | statistics.value
                | (relu ? normalization_flags.fuse_norm_relu.value : 0);
    }

    private Argument outputs() {
        return new Argument(dnnl.DNNL_ARG_DST, activations);
    }

    private Argument[] arguments(boolean masked, Argument... rest) {
        List<Argument> arguments = new ArrayList<>(List.of(
                new Argument(dnnl.DNNL_ARG_SRC, activations),
                new Argument(dnnl.DNNL_ARG_SCALE, statistics),
                new Argument(dnnl.DNNL_ARG_SHIFT, statistics),
                new Argument(dnnl.DNNL_ARG_MEAN, statistics),
                new Argument(dnnl.DNNL_ARG_VARIANCE, statistics)));
        arguments.addAll(List.of(rest));
        if (masked) {
            arguments.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, training.workspace_desc()));
        }
        return arguments.toArray(Argument[]::new);
    }
}
