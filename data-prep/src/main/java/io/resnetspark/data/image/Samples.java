package io.resnetspark.data.image;

/** Decoded samples of a picture, at least of those rows that a cut needs. */
public sealed interface Samples permits Image, YCbCr {
    /** A cut, scaled and made red, green and blue row by row. */
    Rows rows(Cut cut);

    /** Draws a cut's planes of red, green and blue, in levels of 0 to 255, not rounded. */
    default void draw(Cut cut, float[] planes) {
        Rows rows = rows(cut);
        int width = cut.width();
        float[][] row = new float[3][width];
        for (int y = 0; y < cut.height(); y++) {
            rows.draw(y, row);
            for (int c = 0; c < 3; c++) {
                System.arraycopy(row[c], 0, planes, (c * cut.height() + y) * width, width);
            }
        }
    }

    /** A cut in whole levels. */
    default Image image(Cut cut) {
        byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(cut.height(), cut.width()))];
        levels(cut, rgb, 0);
        return new Image(cut.height(), cut.width(), rgb);
    }

    /** Draws a cut in whole levels: red, green and blue of pixel after pixel, from {@code offset} on. */
    default void levels(Cut cut, byte[] rgb, int offset) {
        Rows rows = rows(cut);
        int width = cut.width();
        float[][] row = new float[3][width];
        int to = offset;
        for (int y = 0; y < cut.height(); y++) {
            rows.draw(y, row);
            for (int x = 0; x < width; x++) {
                rgb[to++] = (byte) (row[0][x] + 0.5f);
                rgb[to++] = (byte) (row[1][x] + 0.5f);
                rgb[to++] = (byte) (row[2][x] + 0.5f);
            }
        }
    }
}
