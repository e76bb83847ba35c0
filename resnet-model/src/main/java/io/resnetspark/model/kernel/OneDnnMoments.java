package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Primitive.Argument;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.normalization_flags;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Mean and variance of each channel of a batch, through oneDNN, as exact as PyTorch's.
 *
 * <p>oneDNN sums floats one after another. Over a whole batch that loses two digits, and a mean that is off by 1e-5
 * standard deviations changes the signs of ReLUs. So oneDNN gets the batch as one image of very many channels, each a
 * {@linkplain GroupedMoments group} of some hundred adjacent pixels, and the groups' moments are combined in double. A
 * group fits into the processor's cache, so memory is read once.
 */
final class OneDnnMoments {
    private final GroupedMoments groups;
    private final Primitive primitive;
    private final FloatPointer means;
    private final FloatPointer variances;

    OneDnnMoments(OneDnn oneDnn, long batch, Shape shape) {
        groups = GroupedMoments.of(batch, shape, oneDnn.blockOf(shape.channels()));
        memory.desc pixels = OneDnn.inBlocks(groups.block(), 1, groups.count(), 1, groups.pixelsPerGroup());
        memory.desc moments = OneDnn.vector(groups.count());
        batch_normalization_forward.primitive_desc descriptor = new batch_normalization_forward.primitive_desc(
                new batch_normalization_forward.desc(prop_kind.forward_training, pixels, 0f, normalization_flags.none),
                OneDnn.callersScratchpad(),
                oneDnn.engine());
        primitive = Primitive.of(
                new batch_normalization_forward(descriptor),
                descriptor,
                new Argument(dnnl.DNNL_ARG_SRC, pixels),
                new Argument(dnnl.DNNL_ARG_DST, pixels),
                new Argument(dnnl.DNNL_ARG_MEAN, moments),
                new Argument(dnnl.DNNL_ARG_VARIANCE, moments));
        means = new FloatPointer(groups.count());
        variances = new FloatPointer(groups.count());
    }

    /** @param overwritten of the input's size: oneDNN's primitive also normalises, and that result is discarded */
    void measure(INDArray input, INDArray overwritten, INDArray mean, INDArray variance, WorkingMemory memory) {
        primitive.run(memory, address(input), address(overwritten), means.address(), variances.address());
        groups.join(doubles(means), doubles(variances), mean, variance);
    }

    private static double[] doubles(FloatPointer pointer) {
        float[] values = new float[Math.toIntExact(pointer.capacity())];
        pointer.get(values);
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}
