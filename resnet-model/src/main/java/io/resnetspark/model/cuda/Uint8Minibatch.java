package io.resnetspark.model.cuda;

/**
 * A minibatch of 8-bit images with their deferred augmentation, which the GPU applies. So a quarter of the bytes is
 * transferred, and the host has nothing to compute.
 *
 * @param side height and width in pixels
 * @param pixels images x side x side x 3
 * @param adjustments {@link #ADJUSTMENT} numbers per image: an offset of red, green and blue; the translation right and
 *     down after normalization (filled with zeros); 1 if it is flipped before that
 * @param mean to subtract: 3 values, or planes of red, green and blue, 3 x side x side
 * @param std of red, green and blue, to divide by
 * @param targets images x classes: the share of each class
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Uint8Minibatch(
        int images, int side, byte[] pixels, float[] adjustments, float[] mean, float[] std, float[] targets) {
    /** Numbers per image. */
    public static final int ADJUSTMENT = 6;

    /** Numbers on the GPU: the standard deviation, and 1 if the mean is per pixel. */
    static final long STD = 4;

    public Uint8Minibatch {
        int imagePixels = side * side;
        boolean fits = pixels.length == 3 * images * imagePixels
                && adjustments.length == ADJUSTMENT * images
                && (mean.length == 3 || mean.length == 3 * imagePixels)
                && std.length == 3
                && targets.length % images == 0;
        if (!fits) {
            throw new IllegalArgumentException(images + " images of " + side + "x" + side + " pixels cannot have "
                    + pixels.length + " levels, " + adjustments.length + " adjustments, a mean of " + mean.length
                    + " values and " + targets.length + " targets");
        }
    }

    float[] stdAndMean() {
        return new float[] {std[0], std[1], std[2], mean.length > 3 ? 1 : 0};
    }
}
