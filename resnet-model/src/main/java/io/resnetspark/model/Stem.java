package io.resnetspark.model;

/**
 * The layers before the first stage.
 *
 * @param geometry of the first convolution
 * @param width output channels, and the width of the first stage
 * @param hasMaxPool whether 3x3 max pooling with stride 2 follows
 * @param side height and width of the images that the paper trains on, in pixels
 */
public record Stem(KernelGeometry geometry, int width, boolean hasMaxPool, int side) {
    /** 7x7 with stride 2, then pooling (paper, table 1). */
    public static final Stem IMAGENET = new Stem(new KernelGeometry(7, 2), 64, true, 224);
    /** 3x3 (paper, section 4.2). */
    public static final Stem CIFAR = new Stem(new KernelGeometry(3, 1), 16, false, 32);
}
