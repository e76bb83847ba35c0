package io.resnetspark.model;

/**
 * What a network is made into: {@link Network#assemble} says each part once, in order, and an assembler makes of it
 * numbers ({@link Census}) or a DL4J graph. {@code T} stands for a part's output.
 *
 * <p>Names are torchvision's, so that weights move between the two without a table of names.
 */
public interface Assembler<T> {
    /** A convolution without bias, batch normalisation, and ReLU if asked. */
    T convolve(String convolution, String normalization, T input, Window window, int outputs, boolean relu);

    T maxPool(String name, T input, Window window);

    /** The parameter-free shortcut (option A): subsampled by {@code stride}, zero channels half before, half after. */
    T padChannels(String name, T input, int stride, int outputs);

    /** ReLU of the sum of the two. */
    T add(String name, T residual, T shortcut);

    T globalAverage(String name, T input);

    T classify(String name, T input, int classes);

    /** The shape of a part's output; of the global average, channels x 1 x 1. */
    Shape shape(T part);
}
