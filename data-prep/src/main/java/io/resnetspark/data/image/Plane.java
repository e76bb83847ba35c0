package io.resnetspark.data.image;

/**
 * Samples of a picture of {@code width} x {@code height}, a byte each. There may be no more than a part of them.
 *
 * @param offset of the picture's first sample; negative where that is not among them
 * @param stride from a row to the next one
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record Plane(byte[] samples, int offset, int stride, int width, int height) {
    /** Reads a row from column {@code x} on. What stands behind its end is of no meaning. */
    void readRow(int x, int y, float[] to) {
        int at = offset + y * stride + x;
        readRow(samples, at, to, Math.min(to.length, samples.length - at));
    }

    private static void readRow(byte[] samples, int at, float[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = samples[at + i] & 0xff;
        }
    }
}
