package io.resnetspark.data.image;

/**
 * Samples as JPEG stores them (JFIF 1.02: ITU-R BT.601 in the full range of 0 to 255): luminance, and the two
 * differences of colour, which often have fewer rows and columns. They are scaled as they are, and become red, green and
 * blue at the end.
 *
 * @param cbPlane null in grey pictures
 * @param crPlane null in grey pictures
 * @param horizontalSubsampling of the picture to a column of the differences
 * @param verticalSubsampling of the picture to a row of the differences
 */
record YCbCrImage(Plane lumaPlane, Plane cbPlane, Plane crPlane, int horizontalSubsampling, int verticalSubsampling)
        implements DecodedImage {
    static final float RED = 1.402f;
    static final float GREEN_OF_BLUE = 0.344136f;
    static final float GREEN_OF_RED = 0.714136f;
    static final float BLUE = 1.772f;

    @Override
    public PixelRows rows(CropRegion region) {
        FloatResampler lumaResampler = new FloatResampler(lumaPlane, region);
        if (cbPlane == null) {
            return (y, planes) -> {
                lumaResampler.read(y, planes[0]);
                System.arraycopy(planes[0], 0, planes[1], 0, region.width());
                System.arraycopy(planes[0], 0, planes[2], 0, region.width());
            };
        }
        FloatResampler cbResampler =
                new FloatResampler(cbPlane, region.subsampled(horizontalSubsampling, verticalSubsampling));
        FloatResampler crResampler = cbResampler.forPlane(crPlane);
        float[] luma = new float[region.width()];
        float[] cb = new float[region.width()];
        float[] cr = new float[region.width()];
        return (y, planes) -> {
            lumaResampler.read(y, luma);
            cbResampler.read(y, cb);
            crResampler.read(y, cr);
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
