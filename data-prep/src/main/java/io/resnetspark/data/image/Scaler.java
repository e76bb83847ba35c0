package io.resnetspark.data.image;

import java.util.Arrays;

/**
 * Bilinear scaling of rows of samples with a triangle that widens as the picture shrinks, so that nothing aliases: the
 * filter of PIL's {@code resize(size, BILINEAR, box)}, and of torchvision. First down, a weighted sum of whole rows, then
 * across. Nothing is rounded between or after, unlike in {@link LevelScaler}. Loops stand in methods that see nothing but arrays, and go over them from the beginning, which the JVM turns
 * into vector instructions where it can (docs/performance.md).
 */
final class Scaler {
    private static final int UNREAD = -1;

    private final Raster from;
    private final Taps across;
    private final Taps down;
    private final int begin;
    private final float[] sum;
    /** The rows read last: row y of the source in place y modulo their number. */
    private final float[][] read;

    private final int[] numbers;

    Scaler(Raster from, Cut cut) {
        this(from, cut.across(from.width()), cut.down(from.height()));
    }

    private Scaler(Raster from, Taps across, Taps down) {
        this.from = from;
        this.across = across;
        this.down = down;
        this.begin = across.begin();
        // The last weights of an output may be nothing, and reach over the end of a row.
        this.sum = new float[across.end() - begin];
        this.read = new float[down.each()][sum.length];
        this.numbers = new int[down.each()];
        Arrays.fill(numbers, UNREAD);
    }

    /** For another plane of the same size. */
    Scaler of(Raster other) {
        return new Scaler(other, across, down);
    }

    /** Draws a row, in levels of 0 to 255. */
    void draw(int y, float[] to) {
        int first = down.first()[y];
        scale(sum, row(first), down.weights()[0][y]);
        for (int k = 1; k < down.each(); k++) {
            float weight = down.weights()[k][y];
            if (weight != 0) {
                add(sum, row(first + k), weight);
            }
        }
        across(to);
    }

    private float[] row(int y) {
        int place = y % numbers.length;
        if (numbers[place] != y) {
            numbers[place] = y;
            from.read(begin, y, read[place]);
        }
        return read[place];
    }

    private void across(float[] to) {
        float[][] weights = across.weights();
        switch (across.each()) {
            case 2 -> pairs(sum, begin, across.first(), weights[0], weights[1], to);
            case 4 -> fours(sum, begin, across.first(), weights[0], weights[1], weights[2], weights[3], to);
            default -> {
                Arrays.fill(to, 0);
                for (int k = 0; k < across.each(); k++) {
                    add(sum, k - begin, across.first(), weights[k], to);
                }
            }
        }
    }

    private static void scale(float[] sum, float[] row, float weight) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] = weight * row[i];
        }
    }

    private static void add(float[] sum, float[] row, float weight) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += weight * row[i];
        }
    }

    private static void pairs(float[] row, int begin, int[] first, float[] w0, float[] w1, float[] to) {
        for (int x = 0; x < to.length; x++) {
            int at = first[x] - begin;
            to[x] = w0[x] * row[at] + w1[x] * row[at + 1];
        }
    }

    private static void fours(
            float[] row, int begin, int[] first, float[] w0, float[] w1, float[] w2, float[] w3, float[] to) {
        for (int x = 0; x < to.length; x++) {
            int at = first[x] - begin;
            to[x] = w0[x] * row[at] + w1[x] * row[at + 1] + w2[x] * row[at + 2] + w3[x] * row[at + 3];
        }
    }

    private static void add(float[] row, int shift, int[] first, float[] weights, float[] to) {
        for (int x = 0; x < to.length; x++) {
            to[x] += weights[x] * row[first[x] + shift];
        }
    }
}
