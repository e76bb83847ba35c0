package io.resnetspark.image;

/** Decoded samples of an image; at least the rows that a region needs. */
public sealed interface DecodedImage permits RgbImage, YCbCrImage {
    /** The region, resampled and converted to RGB row by row. */
    PixelRows rows(CropRegion region);

    /** Reads a region as planes of red, green and blue, as floats from 0 to 255, not rounded. */
    default void readPlanes(CropRegion region, float[] planes) {
        PixelRows rows = rows(region);
        int width = region.width();
        float[][] row = new float[3][width];
        for (int y = 0; y < region.height(); y++) {
            rows.read(y, row);
            for (int c = 0; c < 3; c++) {
                System.arraycopy(row[c], 0, planes, (c * region.height() + y) * width, width);
            }
        }
    }

    /** Reads a region as 8-bit RGB. */
    default RgbImage toRgb(CropRegion region) {
        byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(region.height(), region.width()))];
        readBytes(region, rgb, 0);
        return new RgbImage(region.height(), region.width(), rgb);
    }

    /** Reads a region as interleaved 8-bit RGB, written from {@code offset} on. */
    default void readBytes(CropRegion region, byte[] rgb, int offset) {
        PixelRows rows = rows(region);
        int width = region.width();
        float[][] row = new float[3][width];
        int to = offset;
        for (int y = 0; y < region.height(); y++) {
            rows.read(y, row);
            for (int x = 0; x < width; x++) {
                rgb[to++] = (byte) (row[0][x] + 0.5f);
                rgb[to++] = (byte) (row[1][x] + 0.5f);
                rgb[to++] = (byte) (row[2][x] + 0.5f);
            }
        }
    }
}
