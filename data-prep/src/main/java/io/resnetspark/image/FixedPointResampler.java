package io.resnetspark.image;

import java.util.Arrays;

/**
 * Bit-exact PIL {@code resize(size, BILINEAR, box)}: horizontally first, then vertically, in fixed point, rounded to 8
 * bits after each pass. The vertical loops run over whole arrays, as in {@link FloatResampler}.
 */
final class FixedPointResampler implements PixelRows {
    private static final int EMPTY = -1;
    private static final int BITS = Integer.numberOfTrailingZeros(ResampleWeights.ONE);
    private static final int HALF = ResampleWeights.ONE / 2;

    private final RgbImage source;
    private final ResampleWeights vertical;
    /** For each output column: the byte offsets in a row of its first input pixel, and after its last one. */
    private final int[] begins;

    private final int[] ends;
    /** Weights of the first output column, then of the second one, and so on. */
    private final int[] weights;

    private final int perOutput;
    private final int[] sum;
    /** The most recent resampled rows, interleaved RGB: source row y is at index y modulo their number. */
    private final int[][] resampledRows;

    private final int[] rowNumbers;

    FixedPointResampler(RgbImage from, CropRegion region) {
        this.source = from;
        this.vertical = region.verticalWeights(from.height());
        ResampleWeights horizontal = region.horizontalWeights(from.width());
        this.begins = new int[region.width()];
        this.ends = new int[region.width()];
        this.perOutput = horizontal.perOutput();
        this.weights = new int[region.width() * perOutput];
        for (int x = 0; x < region.width(); x++) {
            begins[x] = 3 * horizontal.firstInput()[x];
            for (int k = 0; k < perOutput; k++) {
                int weight = fixed(horizontal.weights()[k][x]);
                weights[x * perOutput + k] = weight;
                ends[x] = weight == 0 ? ends[x] : begins[x] + 3 * (k + 1);
            }
        }
        this.sum = new int[3 * region.width()];
        this.resampledRows = new int[vertical.perOutput()][sum.length];
        this.rowNumbers = new int[vertical.perOutput()];
        Arrays.fill(rowNumbers, EMPTY);
    }

    private static int fixed(float weight) {
        return (int) (weight * ResampleWeights.ONE);
    }

    @Override
    public void read(int y, float[][] planes) {
        Arrays.fill(sum, HALF);
        for (int k = 0; k < vertical.perOutput(); k++) {
            int weight = fixed(vertical.weights()[k][y]);
            if (weight != 0) {
                add(sum, row(vertical.firstInput()[y] + k), weight);
            }
        }
        for (int c = 0; c < 3; c++) {
            levels(sum, c, planes[c]);
        }
    }

    private int[] row(int y) {
        int place = y % rowNumbers.length;
        if (rowNumbers[place] != y) {
            rowNumbers[place] = y;
            resampleRow(source.rgb(), 3 * source.width() * y, resampledRows[place]);
        }
        return resampledRows[place];
    }

    /**
     * Weights are not negative and sum to nearly one, so no value exceeds 255.
     *
     * @param at offset of the row's first byte
     */
    private void resampleRow(byte[] rgb, int at, int[] to) {
        for (int x = 0; x < begins.length; x++) {
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            int end = at + ends[x];
            for (int i = at + begins[x], w = x * perOutput; i < end; i += 3, w++) {
                red += weights[w] * (rgb[i] & 0xff);
                green += weights[w] * (rgb[i + 1] & 0xff);
                blue += weights[w] * (rgb[i + 2] & 0xff);
            }
            to[3 * x] = red >> BITS;
            to[3 * x + 1] = green >> BITS;
            to[3 * x + 2] = blue >> BITS;
        }
    }

    private static void add(int[] sum, int[] row, int weight) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += weight * row[i];
        }
    }

    private static void levels(int[] sum, int channel, float[] to) {
        for (int x = 0, at = channel; x < to.length; x++, at += 3) {
            to[x] = sum[at] >> BITS;
        }
    }
}
