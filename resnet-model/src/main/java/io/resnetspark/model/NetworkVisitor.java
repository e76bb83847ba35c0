package io.resnetspark.model;

/**
 * What a network is made into: {@link Network#accept} says each part once, in order, and an assembler makes of it
 * numbers ({@link ModelSummary}), a DL4J graph or an ONNX file. {@code T} stands for a part's output.
 *
 * <p>Names are torchvision's, so that weights move between the two without a table of names.
 */
public interface NetworkVisitor<T> {
    /** A convolution without bias; batch normalisation stands before or behind it. */
    T convolve(String name, T input, KernelGeometry geometry, int outputs);

    /** Batch normalisation, and ReLU behind it if asked. */
    T normalize(String name, T input, boolean relu);

    /** A convolution with bias, and ReLU behind it: networks without batch normalisation. */
    T convolveWithBias(String name, T input, KernelGeometry geometry, int outputs);

    T maxPool(String name, T input, KernelGeometry geometry);

    /** The parameter-free shortcut (option A): subsampled by {@code stride}, zero channels half before, half after. */
    T padChannels(String name, T input, int stride, int outputs);

    /** The sum of the two, and ReLU behind it if asked. */
    T add(String name, T residual, T shortcut, boolean relu);

    T globalAverage(String name, T input);

    /** Images as vectors: channel by channel, row by row. */
    T flatten(String name, T input);

    /** Fully connected, with ReLU, and in training with dropout of one half behind it. */
    T connect(String name, T input, int outputs);

    /** Fully connected; softmax is the loss's affair. */
    T classify(String name, T input, int classes);

    /** The shape of a part's output; of a vector, its length x 1 x 1. */
    Shape shape(T part);
}
