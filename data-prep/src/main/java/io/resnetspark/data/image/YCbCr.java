package io.resnetspark.data.image;

/**
 * Samples as JPEG stores them (JFIF 1.02: ITU-R BT.601 in the full range of 0 to 255): luminance, and the two
 * differences of colour, which often have fewer rows and columns. They are scaled as they are, and become red, green and
 * blue at the end.
 *
 * @param blue null in grey pictures
 * @param red null in grey pictures
 * @param columns of the picture to a column of the differences
 * @param rows of the picture to a row of the differences
 */
record YCbCr(Raster luminance, Raster blue, Raster red, int columns, int rows) implements Samples {
    static final float RED = 1.402f;
    static final float GREEN_OF_BLUE = 0.344136f;
    static final float GREEN_OF_RED = 0.714136f;
    static final float BLUE = 1.772f;

    @Override
    public Rows rows(Cut cut) {
        Scaler bright = new Scaler(luminance, cut);
        if (blue == null) {
            return (y, planes) -> {
                bright.draw(y, planes[0]);
                System.arraycopy(planes[0], 0, planes[1], 0, cut.width());
                System.arraycopy(planes[0], 0, planes[2], 0, cut.width());
            };
        }
        Scaler towardsBlue = new Scaler(blue, cut.of(columns, rows));
        Scaler towardsRed = towardsBlue.of(red);
        float[] luma = new float[cut.width()];
        float[] cb = new float[cut.width()];
        float[] cr = new float[cut.width()];
        return (y, planes) -> {
            bright.draw(y, luma);
            towardsBlue.draw(y, cb);
            towardsRed.draw(y, cr);
            mix(luma, cr, RED, planes[0]);
            green(luma, cb, cr, planes[1]);
            mix(luma, cb, BLUE, planes[2]);
        };
    }

    private static void mix(float[] luma, float[] difference, float factor, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = level(luma[i] + factor * (difference[i] - 128));
        }
    }

    private static void green(float[] luma, float[] cb, float[] cr, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = level(luma[i] - GREEN_OF_BLUE * (cb[i] - 128) - GREEN_OF_RED * (cr[i] - 128));
        }
    }

    /** Not below 0 and not above 255: without comparisons, so that there are vector instructions for it. */
    private static float level(float value) {
        return 0.5f * (Math.abs(value) - Math.abs(value - 255) + 255);
    }
}
