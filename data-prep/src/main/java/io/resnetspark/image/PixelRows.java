package io.resnetspark.image;

/** An image that is read row by row. */
@FunctionalInterface
interface PixelRows {
    /**
     * Reads a row.
     *
     * @param planes receives a row of red, of green and of blue, from 0 to 255, not rounded
     */
    void read(int y, float[][] planes);
}
