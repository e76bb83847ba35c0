package io.resnetspark.model.kernel;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The arithmetic behind the layers: one kind for x86 processors ({@link OneDnnKernels}), one for everything else that
 * ND4J runs on ({@link Nd4jKernels}).
 *
 * <p>A kernel is made for one shape and belongs to one layer of one network. It may be used from any thread, but from
 * one at a time. Activations have the logical shape batch x channels x height x width; how a kind of kernels lays them
 * out in memory is its own affair, so layers of two kinds must not be mixed within a network.
 */
public interface Kernels {
    /** What a configuration asks for. It travels with the network, so the default leaves it to the machine. */
    enum Choice {
        /** oneDNN for float on an x86 CPU with AVX2 or AVX-512, else ND4J's ops. */
        AUTO,
        ONEDNN,
        OPS;

        /** In words, for people: the library, its instructions and its layout, for float. */
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

    /** In words, for people: the library, its instructions and its layout. */
    String description();

    /** What networks compute with here, in words. */
    static String onThisMachine() {
        return Choice.AUTO.description();
    }

    ConvolutionKernel convolution(long batch, Shape input, KernelGeometry geometry, int outputs);

    NormalizationKernel normalization(long batch, Shape shape, double epsilon, boolean relu);

    PoolingKernel maxPool(long batch, Shape input, KernelGeometry geometry);

    /** The mean of each channel, batch x channels x h x w to batch x channels. */
    PoolingKernel globalAverage(long batch, Shape input);

    /** The sum of two, element by element, with ReLU behind it if asked. */
    AdditionKernel addition(long elements, boolean relu);

    /** A value a channel added to images, and ReLU. */
    BiasKernel bias(long batch, Shape shape);

    LayoutKernel layout(long batch, Shape shape);
}
