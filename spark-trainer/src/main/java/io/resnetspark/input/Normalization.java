package io.resnetspark.input;

import io.resnetspark.image.RgbImage;
import io.resnetspark.storage.BadInputException;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Subtracts a mean, per pixel (the paper) or per channel, and optionally divides by a standard deviation, as
 * torchvision's weights need it.
 */
public final class Normalization implements Serializable {
    private static final long serialVersionUID = 1;

    private static final float[] UNIT_STD = {1, 1, 1};

    private final float[] mean;
    private final int side;
    private final float[] std;

    private Normalization(float[] mean, int side, float[] std) {
        this.mean = mean;
        this.side = side;
        this.std = std;
    }

    /** @param mean of red, green and blue, from 0 to 255 */
    public static Normalization perChannel(float[] mean) {
        if (mean.length != 3) {
            throw new IllegalArgumentException("A mean a channel has three values, not " + mean.length);
        }
        return new Normalization(mean, 1, UNIT_STD);
    }

    /** @param planes red, green and blue planes of the mean image, each side x side */
    public static Normalization perPixel(float[] planes, int side) {
        if (planes.length != 3 * side * side) {
            throw new IllegalArgumentException(
                    "A mean image of side " + side + " has " + 3 * side * side + " values, not " + planes.length);
        }
        return new Normalization(planes, side, UNIT_STD);
    }

    /**
     * A copy that also divides by a standard deviation.
     *
     * @param levels of red, green and blue, in units of 0 to 255
     */
    public Normalization withStd(float[] levels) {
        if (levels.length != 3 || !(levels[0] > 0 && levels[1] > 0 && levels[2] > 0)) {
            throw new BadInputException("A deviation has three positive values, not " + Arrays.toString(levels) + ".");
        }
        return new Normalization(mean, side, levels.clone());
    }

    /** Returns this, after checking that a per-pixel mean fits crops of this size. */
    public Normalization requireSide(int wanted) {
        if (isPerPixel() && side != wanted) {
            throw new BadInputException("The dataset's mean image is for crops of " + side + " pixels, the recipe's"
                    + " are of " + wanted + ". Set image-size = " + side + ", or subtract the mean of each channel"
                    + " (mean = per-channel).");
        }
        return this;
    }

    /** The same for images of any size: a mean image fits only its own; others get its average in each channel. */
    Normalization ofSize(int height, int width) {
        if (!isPerPixel() || (height == side && width == side)) {
            return this;
        }
        float[] average = new float[3];
        for (int c = 0; c < 3; c++) {
            double sum = 0;
            for (int p = c * side * side; p < (c + 1) * side * side; p++) {
                sum += mean[p];
            }
            average[c] = (float) (sum / side / side);
        }
        return new Normalization(average, 1, std);
    }

    public boolean isPerPixel() {
        return side > 1;
    }

    public float[] mean() {
        return mean.clone();
    }

    public boolean hasStd() {
        return !Arrays.equals(std, UNIT_STD);
    }

    public float[] std() {
        return std.clone();
    }

    /** Normalizes planes of red, green and blue in place: (value + lighting - mean) / std. */
    public void apply(float[] planes, float[] lighting) {
        int pixels = planes.length / 3;
        for (int c = 0; c < 3; c++) {
            int end = (c + 1) * pixels;
            if (isPerPixel()) {
                apply(planes, c * pixels, end, mean, lighting[c], std[c]);
            } else {
                apply(planes, c * pixels, end, mean[c] - lighting[c], std[c]);
            }
        }
    }

    private static void apply(float[] planes, int from, int to, float subtracted, float std) {
        for (int p = from; p < to; p++) {
            planes[p] = (planes[p] - subtracted) / std;
        }
    }

    private static void apply(float[] planes, int from, int to, float[] means, float lighting, float std) {
        for (int p = from; p < to; p++) {
            planes[p] = (planes[p] + lighting - means[p]) / std;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Normalization that
                && side == that.side
                && Arrays.equals(mean, that.mean)
                && Arrays.equals(std, that.std);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(mean) + Arrays.hashCode(std);
    }

    /** The inverse of {@link #apply}, rounded to 8 bits, for display. */
    public RgbImage invert(float[] planes, int imageSide) {
        int pixels = imageSide * imageSide;
        byte[] rgb = new byte[3 * pixels];
        for (int c = 0; c < 3; c++) {
            for (int p = 0; p < pixels; p++) {
                float subtracted = isPerPixel() ? mean[c * pixels + p] : mean[c];
                int level = Math.round(planes[c * pixels + p] * std[c] + subtracted);
                rgb[3 * p + c] = (byte) Math.max(0, Math.min(255, level));
            }
        }
        return new RgbImage(imageSide, imageSide, rgb);
    }
}
