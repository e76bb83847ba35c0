package io.resnetspark.image;

/**
 * 8-bit samples of a plane of {@code width} x {@code height}, or of a part of it.
 *
 * @param offset index of the plane's first sample; negative if the part does not contain it
 * @param stride samples from one row to the next
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record Plane(byte[] samples, int offset, int stride, int width, int height) {
    /** Reads a row from column {@code x} on. Values after the end of the row are undefined. */
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
