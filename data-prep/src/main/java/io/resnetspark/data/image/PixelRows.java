package io.resnetspark.data.image;

/** A picture that is drawn row by row. */
@FunctionalInterface
interface PixelRows {
    /**
     * Draws a row.
     *
     * @param planes where to: a row of red, one of green, one of blue, in levels of 0 to 255, not rounded
     */
    void read(int y, float[][] planes);
}
