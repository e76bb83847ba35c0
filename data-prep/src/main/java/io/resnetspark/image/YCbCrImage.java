package io.resnetspark.image;

/**
 * Planes as JPEG stores them (JFIF 1.02: full-range ITU-R BT.601): luma, and two chroma planes that are often
 * subsampled. Each plane is resampled separately; the conversion to RGB is the last step.
 *
 * @param cbPlane null in gray images
 * @param crPlane null in gray images
 * @param horizontalSubsampling luma columns per chroma column
 * @param verticalSubsampling luma rows per chroma row
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

    /** Clamps to 0 and 255 without comparisons, so that the JVM can vectorise it. */
    private static float level(float value) {
        return 0.5f * (Math.abs(value) - Math.abs(value - 255) + 255);
    }
}
