package io.resnetspark.data.image;

/**
 * Samples of a picture of {@code width} x {@code height}, a byte each, perhaps with others between. There may be no more
 * than a part of them.
 *
 * @param offset of the picture's first sample; negative where that is not among them
 * @param step from a sample to the next one of its row
 * @param rowBytes from a row to the next one
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record Raster(byte[] samples, int offset, int step, int rowBytes, int width, int height) {
    /** Reads a row from column {@code x} on. What stands behind its end is of no meaning. */
    void read(int x, int y, float[] to) {
        int at = offset + y * rowBytes + x * step;
        int count = Math.min(to.length, (samples.length - at + step - 1) / step);
        if (step == 1) {
            read(samples, at, to, count);
        } else {
            read(samples, at, step, to, count);
        }
    }

    private static void read(byte[] samples, int at, float[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = samples[at + i] & 0xff;
        }
    }

    private static void read(byte[] samples, int at, int step, float[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = samples[at + i * step] & 0xff;
        }
    }
}
