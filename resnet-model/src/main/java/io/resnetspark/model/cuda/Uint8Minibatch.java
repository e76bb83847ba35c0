package io.resnetspark.model.cuda;

/**
 * A minibatch as it was decoded: whole levels, a byte each, with what is still to be done to every image. A GPU does that,
 * so a quarter of the bytes travel and the host has nothing to compute.
 *
 * @param side height and width in pixels
 * @param pixels images x side x side x 3
 * @param adjustments {@link #ADJUSTMENT} numbers an image: what is added to red, green and blue; columns and rows that it
 *     is moved right and down, after the mean was subtracted (zero comes in from outside); 1 if it is mirrored before that
 * @param mean to subtract: 3 values, or planes of red, green and blue, 3 x side x side
 * @param std of red, green and blue, to divide by
 * @param targets images x classes: the share of each
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Uint8Minibatch(
        int images, int side, byte[] pixels, float[] adjustments, float[] mean, float[] std, float[] targets) {
    /** Numbers for each image. */
    public static final int ADJUSTMENT = 6;

    /** Numbers that a GPU takes: the deviation, and 1 where the mean is one of each pixel. */
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
