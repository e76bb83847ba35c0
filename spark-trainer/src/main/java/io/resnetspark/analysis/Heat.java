package io.resnetspark.analysis;

import io.resnetspark.image.RgbImage;
import io.resnetspark.model.analysis.ActivationMap;

/** Draws an activation map over an image: the more a place speaks for the class, the more it glows, yellow to red. */
public final class Heat {
    /** Share of the colour where the map is largest. */
    private static final float STRONGEST = 0.7f;

    private static final int LEVELS = 255;

    private Heat() {}

    public static RgbImage over(RgbImage image, ActivationMap map) {
        float[] heat = map.heat().resized(image.height(), image.width()).values();
        byte[] rgb = image.rgb().clone();
        for (int p = 0; p < heat.length; p++) {
            float share = STRONGEST * heat[p];
            rgb[3 * p] = mixed(rgb[3 * p], LEVELS, share);
            rgb[3 * p + 1] = mixed(rgb[3 * p + 1], LEVELS * (1 - heat[p]), share);
            rgb[3 * p + 2] = mixed(rgb[3 * p + 2], 0, share);
        }
        return new RgbImage(image.height(), image.width(), rgb);
    }

    private static byte mixed(byte level, float color, float share) {
        return (byte) Math.round((1 - share) * (level & 0xff) + share * color);
    }
}
