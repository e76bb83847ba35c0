package io.resnetspark.model;

/**
 * Visits the layers of a network, each once and in order ({@link Network#accept}). Visitors compute a summary ({@link
 * ModelSummary}), a DL4J graph or an ONNX file. {@code T} represents a layer's output.
 *
 * <p>Names are torchvision's, so weights can be exchanged without a mapping.
 */
public interface NetworkVisitor<T> {
    /** A convolution without bias, next to batch normalisation. */
    T convolve(String name, T input, KernelGeometry geometry, int outputs);

    /** Batch normalisation, optionally with ReLU. */
    T normalize(String name, T input, boolean relu);

    /** A convolution with bias and ReLU, for networks without batch normalisation. */
    T convolveWithBias(String name, T input, KernelGeometry geometry, int outputs);

    T maxPool(String name, T input, KernelGeometry geometry);

    /**
     * The parameter-free shortcut (option A): subsampled by {@code stride}, with zero channels, half before and half
     * after.
     */
    T padChannels(String name, T input, int stride, int outputs);

    /** The sum of the two, optionally with ReLU. */
    T add(String name, T residual, T shortcut, boolean relu);

    T globalAverage(String name, T input);

    /** Flattens images: channel by channel, row by row. */
    T flatten(String name, T input);

    /** A fully connected layer with ReLU and, in training, dropout of one half. */
    T connect(String name, T input, int outputs);

    /** A fully connected layer; softmax is part of the loss. */
    T classify(String name, T input, int classes);

    /** The shape of a layer's output; for a vector, length x 1 x 1. */
    Shape shape(T part);
}
