package io.resnetspark.image;

import java.util.Arrays;

/**
 * Bilinear resampling of one plane with an antialiasing triangle filter, as PIL's {@code resize(size, BILINEAR, box)}
 * and torchvision use it. Vertically first, as a weighted sum of whole rows, then horizontally. Nothing is rounded,
 * unlike in {@link FixedPointResampler}. The loops are in methods that see only arrays and start at index 0, because
 * the JVM vectorises those (docs/performance.md).
 */
final class FloatResampler {
    private static final int EMPTY = -1;

    private final Plane source;
    private final ResampleWeights horizontal;
    private final ResampleWeights vertical;
    private final int begin;
    private final float[] sum;
    /** The most recent source rows: row y is at index y modulo their number. */
    private final float[][] rows;

    private final int[] rowNumbers;

    FloatResampler(Plane from, CropRegion region) {
        this(from, region.horizontalWeights(from.width()), region.verticalWeights(from.height()));
    }

    private FloatResampler(Plane from, ResampleWeights horizontal, ResampleWeights vertical) {
        this.source = from;
        this.horizontal = horizontal;
        this.vertical = vertical;
        this.begin = horizontal.firstOfAll();
        // The last weights of an output may be zero and refer to inputs after the end of a row.
        this.sum = new float[horizontal.endOfAll() - begin];
        this.rows = new float[vertical.perOutput()][sum.length];
        this.rowNumbers = new int[vertical.perOutput()];
        Arrays.fill(rowNumbers, EMPTY);
    }

    /** A resampler for another plane of the same size. */
    FloatResampler forPlane(Plane other) {
        return new FloatResampler(other, horizontal, vertical);
    }

    /** Computes an output row, with values from 0 to 255. */
    void read(int y, float[] to) {
        int first = vertical.firstInput()[y];
        scale(sum, row(first), vertical.weights()[0][y]);
        for (int k = 1; k < vertical.perOutput(); k++) {
            float weight = vertical.weights()[k][y];
            if (weight != 0) {
                add(sum, row(first + k), weight);
            }
        }
        resampleRow(to);
    }

    private float[] row(int y) {
        int place = y % rowNumbers.length;
        if (rowNumbers[place] != y) {
            rowNumbers[place] = y;
            source.readRow(begin, y, rows[place]);
        }
        return rows[place];
    }

    private void resampleRow(float[] to) {
        float[][] weights = horizontal.weights();
        switch (horizontal.perOutput()) {
            case 2 -> twoTaps(sum, begin, horizontal.firstInput(), weights[0], weights[1], to);
            case 4 -> fourTaps(sum, begin, horizontal.firstInput(), weights[0], weights[1], weights[2], weights[3], to);
            default -> {
                Arrays.fill(to, 0);
                for (int k = 0; k < horizontal.perOutput(); k++) {
                    add(sum, k - begin, horizontal.firstInput(), weights[k], to);
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

    private static void twoTaps(float[] row, int begin, int[] first, float[] w0, float[] w1, float[] to) {
        for (int x = 0; x < to.length; x++) {
            int at = first[x] - begin;
            to[x] = w0[x] * row[at] + w1[x] * row[at + 1];
        }
    }

    private static void fourTaps(
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
