package io.resnetspark.data.image;

import io.resnetspark.storage.BadInputException;
import java.io.Serializable;
import java.util.Arrays;

/**
 * What is subtracted from every picture: a value a pixel and channel (the paper), or a value a channel; and perhaps what
 * the difference is divided by, as for torchvision's weights.
 */
public final class Mean implements Serializable {
    private static final long serialVersionUID = 1;

    private static final float[] UNDIVIDED = {1, 1, 1};

    private final float[] values;
    private final int side;
    private final float[] deviation;

    private Mean(float[] values, int side, float[] deviation) {
        this.values = values;
        this.side = side;
        this.deviation = deviation;
    }

    /** @param values red, green and blue, in levels of 0 to 255 */
    public static Mean perChannel(float[] values) {
        if (values.length != 3) {
            throw new IllegalArgumentException("A mean a channel has three values, not " + values.length);
        }
        return new Mean(values, 1, UNDIVIDED);
    }

    /** @param planes the mean picture's red, green and blue planes, each side x side */
    public static Mean perPixel(float[] planes, int side) {
        if (planes.length != 3 * side * side) {
            throw new IllegalArgumentException(
                    "A mean picture of side " + side + " has " + 3 * side * side + " values, not " + planes.length);
        }
        return new Mean(planes, side, UNDIVIDED);
    }

    /** The same, with differences divided by a deviation of red, green and blue, in levels of 0 to 255. */
    public Mean dividedBy(float[] levels) {
        if (levels.length != 3 || !(levels[0] > 0 && levels[1] > 0 && levels[2] > 0)) {
            throw new BadInputException("A deviation has three positive values, not " + Arrays.toString(levels) + ".");
        }
        return new Mean(values, side, levels.clone());
    }

    /** This mean, once it is known to fit crops of this size. */
    public Mean forSide(int wanted) {
        if (isPerPixel() && side != wanted) {
            throw new BadInputException("The dataset's mean picture is for crops of " + side + " pixels, the recipe's"
                    + " are of " + wanted + ". Set crop = " + side + ", or subtract the mean of each channel"
                    + " (mean = per-channel).");
        }
        return this;
    }

    public boolean isPerPixel() {
        return side > 1;
    }

    public float[] values() {
        return values.clone();
    }

    public boolean divides() {
        return !Arrays.equals(deviation, UNDIVIDED);
    }

    public float[] deviation() {
        return deviation.clone();
    }

    /** Turns planes of red, green and blue into differences from the mean, with a shift of colour, divided. */
    public void subtract(float[] planes, float[] colourShift) {
        int pixels = planes.length / 3;
        for (int c = 0; c < 3; c++) {
            int end = (c + 1) * pixels;
            if (isPerPixel()) {
                subtract(planes, c * pixels, end, values, colourShift[c], deviation[c]);
            } else {
                subtract(planes, c * pixels, end, values[c] - colourShift[c], deviation[c]);
            }
        }
    }

    private static void subtract(float[] planes, int from, int to, float mean, float deviation) {
        for (int p = from; p < to; p++) {
            planes[p] = (planes[p] - mean) / deviation;
        }
    }

    private static void subtract(float[] planes, int from, int to, float[] means, float shift, float deviation) {
        for (int p = from; p < to; p++) {
            planes[p] = (planes[p] + shift - means[p]) / deviation;
        }
    }

    /** What {@link #subtract} was given, as far as a byte holds it: for people to look at. */
    public Image restore(float[] planes, int imageSide) {
        int pixels = imageSide * imageSide;
        byte[] rgb = new byte[3 * pixels];
        for (int c = 0; c < 3; c++) {
            for (int p = 0; p < pixels; p++) {
                float mean = isPerPixel() ? values[c * pixels + p] : values[c];
                int level = Math.round(planes[c * pixels + p] * deviation[c] + mean);
                rgb[3 * p + c] = (byte) Math.max(0, Math.min(255, level));
            }
        }
        return new Image(imageSide, imageSide, rgb);
    }
}
