package io.resnetspark.model.kernel;

import io.resnetspark.model.Shape;
import java.util.Optional;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.global.dnnl.scratchpad_mode;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process's oneDNN engine, and the layout that its convolutions prefer for activations on this machine.
 *
 * <p>Channels are stored in blocks as wide as a vector register (16 with AVX-512, 8 with AVX2). The width is queried
 * from a convolution once.
 */
final class OneDnn {
    private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);

    /** The prefix of oneDNN's names of reference implementations. */
    private static final String REFERENCE = "ref";

    private static final Optional<OneDnn> INSTANCE = load();

    private final engine cpu;
    private final int block;
    private final String implementation;
    private final boolean training;

    private OneDnn() {
        Loader.load(dnnl.class);
        cpu = new engine(engine.kind.cpu, 0);
        memory.desc activations = any(1, 64, 8, 8);
        convolution_forward.primitive_desc probe = new convolution_forward.primitive_desc(
                new convolution_forward.desc(
                        prop_kind.forward_training,
                        algorithm.convolution_direct,
                        activations,
                        any(64, 64, 3, 3),
                        activations,
                        new long[] {1, 1},
                        new long[] {1, 1},
                        new long[] {1, 1}),
                cpu);
        block = blockOf(probe.dst_desc());
        implementation = probe.impl_info_str().getString();
        training = hasBackwardConvolution(probe);
    }

    /** For activations in the layout of the forward convolution. */
    private boolean hasBackwardConvolution(convolution_forward.primitive_desc forward) {
        memory.desc activations = forward.dst_desc();
        convolution_backward_weights.primitive_desc backward = new convolution_backward_weights.primitive_desc(
                new convolution_backward_weights.desc(
                        algorithm.convolution_direct,
                        activations,
                        any(64, 64, 3, 3),
                        activations,
                        new long[] {1, 1},
                        new long[] {1, 1},
                        new long[] {1, 1}),
                cpu,
                forward);
        return !backward.impl_info_str().getString().startsWith(REFERENCE);
    }

    static boolean isAvailable() {
        return INSTANCE.isPresent();
    }

    /** False with SSE4.1 alone: oneDNN 2.5 has only reference backward convolutions for it. */
    static boolean isFast() {
        return INSTANCE.isPresent() && INSTANCE.get().training;
    }

    /** @throws IllegalStateException if oneDNN is not available; {@link Nd4jKernels} work everywhere */
    static OneDnn instance() {
        return INSTANCE.orElseThrow(
                () -> new IllegalStateException(
                        "oneDNN's library does not load on this machine (it needs an x86-64 CPU backend). Use kernels = nd4j."));
    }

    private static Optional<OneDnn> load() {
        boolean x86 = System.getProperty("os.arch").matches("amd64|x86_64");
        boolean cpu = Nd4j.getBackend().getClass().getSimpleName().equals("CpuBackend");
        if (!x86 || !cpu) {
            return Optional.empty();
        }
        try {
            return Optional.of(new OneDnn());
        } catch (UnsatisfiedLinkError | NoClassDefFoundError missing) {
            LOG.warn("oneDNN does not load, ND4J's ops compute instead: {}", missing.toString());
            return Optional.empty();
        }
    }

    engine engine() {
        return cpu;
    }

    String description() {
        return "oneDNN " + implementation + ", " + (block == 1 ? "plain NCHW" : "channels in blocks of " + block);
    }

    /** The layout of activations between our layers. Every layer derives the same one from the shape. */
    memory.desc activations(long batch, Shape shape) {
        return inBlocks(blockOf(shape.channels()), shape.withBatch(batch));
    }

    /**
     * Whether channels fill one block of AVX-512's width. The memory order is then batch x height x width x channels,
     * and for that layout oneDNN has faster convolutions.
     */
    boolean fillsOneBlock(int channels) {
        return block == 16 && channels == block;
    }

    /** How many channels are contiguous in {@link #activations}. */
    int blockOf(int channels) {
        return channels % block == 0 ? block : 1;
    }

    /** Images with channels in blocks of this size. */
    static memory.desc inBlocks(int block, long... dimensions) {
        return plainOr(tagOfBlock(block), dimensions);
    }

    static memory.desc nhwc(long batch, Shape shape) {
        return plainOr(memory.format_tag.nhwc, shape.withBatch(batch));
    }

    static memory.desc plain(long... dimensions) {
        return plainOr(memory.format_tag.abcd, dimensions);
    }

    static memory.desc vector(long length) {
        return plainOr(memory.format_tag.a, length);
    }

    static memory.desc any(long... dimensions) {
        return plainOr(memory.format_tag.any, dimensions);
    }

    /**
     * Attributes of a primitive whose scratchpad the caller provides. oneDNN's own scratchpad belongs to the thread
     * that created the primitive, and Spark runs every task in another thread.
     */
    static primitive_attr callersScratchpad() {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(scratchpad_mode.user);
        return attributes;
    }

    private static memory.desc plainOr(memory.format_tag tag, long... dimensions) {
        return new memory.desc(dimensions, memory.data_type.f32, tag);
    }

    private static memory.format_tag tagOfBlock(int block) {
        return switch (block) {
            case 16 -> memory.format_tag.nChw16c;
            case 8 -> memory.format_tag.nChw8c;
            default -> memory.format_tag.nchw;
        };
    }

    private static int blockOf(memory.desc chosen) {
        for (int block : new int[] {16, 8}) {
            if (chosen.equals(plainOr(tagOfBlock(block), 1, 64, 8, 8))) {
                return block;
            }
        }
        return 1;
    }
}
