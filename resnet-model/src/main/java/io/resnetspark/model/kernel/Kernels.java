package io.resnetspark.model.kernel;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The compute kernels of the layers: one implementation for x86 processors ({@link OneDnnKernels}), one for everything
 * else that ND4J runs on ({@link Nd4jKernels}).
 *
 * <p>A kernel is created for one shape and belongs to one layer of one network. It may be used from any thread, but not
 * concurrently. Activations have the logical shape batch x channels x height x width. Each implementation has its own
 * memory layout, so the two must not be mixed within a network.
 */
public interface Kernels {
    /**
     * The kernels that a configuration requests. The choice is stored with the network, so AUTO is resolved on each
     * machine.
     */
    enum Choice {
        /** oneDNN for float on an x86 CPU with AVX2 or AVX-512, else ND4J's ops. */
        AUTO,
        ONEDNN,
        OPS;

        /** For display: the library, its instruction set and its layout, for float. */
        public String description() {
            return on(DataType.FLOAT).description();
        }

        public Kernels on(DataType type) {
            return switch (this) {
                case AUTO -> type == DataType.FLOAT && OneDnn.isFast() ? new OneDnnKernels() : new Nd4jKernels();
                case ONEDNN -> new OneDnnKernels();
                case OPS -> new Nd4jKernels();
            };
        }
    }

    /** For display: the library, its instruction set and its layout. */
    String description();

    /** The kernels that networks use on this machine, for display. */
    static String onThisMachine() {
        return Choice.AUTO.description();
    }

    ConvolutionKernel convolution(long batch, Shape input, KernelGeometry geometry, int outputs);

    NormalizationKernel normalization(long batch, Shape shape, double epsilon, boolean relu);

    PoolingKernel maxPool(long batch, Shape input, KernelGeometry geometry);

    /** The mean of each channel, batch x channels x h x w to batch x channels. */
    PoolingKernel globalAverage(long batch, Shape input);

    /** The elementwise sum of two arrays, optionally with ReLU. */
    AdditionKernel addition(long elements, boolean relu);

    /** A bias per channel, and ReLU. */
    BiasKernel bias(long batch, Shape shape);

    LayoutKernel layout(long batch, Shape shape);
}
