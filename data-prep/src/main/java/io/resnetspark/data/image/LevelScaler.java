package io.resnetspark.data.image;

import java.util.Arrays;

/**
 * The scaling of PIL's {@code resize(size, BILINEAR, box)} to the bit: first across, then down, in fixed point, and rounded
 * to whole levels after each. The loops down go over whole arrays, as in {@link Scaler}.
 */
final class LevelScaler implements Rows {
    private static final int UNDRAWN = -1;
    private static final int BITS = Integer.numberOfTrailingZeros(Taps.ONE);
    private static final int HALF = Taps.ONE / 2;

    private final Image from;
    private final Taps down;
    /** Of each output column: the byte in a row where its first pixel begins, and where its last pixel ends. */
    private final int[] begins;

    private final int[] ends;
    /** Of the first output column, of the second one... */
    private final int[] weights;

    private final int each;
    private final int[] sum;
    /** The rows scaled last, red, green and blue by turns: row y of the source in place y modulo their number. */
    private final int[][] scaled;

    private final int[] numbers;

    LevelScaler(Image from, Cut cut) {
        this.from = from;
        this.down = cut.down(from.height());
        Taps across = cut.across(from.width());
        this.begins = new int[cut.width()];
        this.ends = new int[cut.width()];
        this.each = across.each();
        this.weights = new int[cut.width() * each];
        for (int x = 0; x < cut.width(); x++) {
            begins[x] = 3 * across.first()[x];
            for (int k = 0; k < each; k++) {
                int weight = fixed(across.weights()[k][x]);
                weights[x * each + k] = weight;
                ends[x] = weight == 0 ? ends[x] : begins[x] + 3 * (k + 1);
            }
        }
        this.sum = new int[3 * cut.width()];
        this.scaled = new int[down.each()][sum.length];
        this.numbers = new int[down.each()];
        Arrays.fill(numbers, UNDRAWN);
    }

    private static int fixed(float weight) {
        return (int) (weight * Taps.ONE);
    }

    @Override
    public void draw(int y, float[][] planes) {
        Arrays.fill(sum, HALF);
        for (int k = 0; k < down.each(); k++) {
            int weight = fixed(down.weights()[k][y]);
            if (weight != 0) {
                add(sum, row(down.first()[y] + k), weight);
            }
        }
        for (int c = 0; c < 3; c++) {
            levels(sum, c, planes[c]);
        }
    }

    private int[] row(int y) {
        int place = y % numbers.length;
        if (numbers[place] != y) {
            numbers[place] = y;
            across(from.rgb(), 3 * from.width() * y, scaled[place]);
        }
        return scaled[place];
    }

    /**
     * Weights are not negative, and their sum is so near to one that no level is above 255.
     *
     * @param at where the row begins
     */
    private void across(byte[] rgb, int at, int[] to) {
        for (int x = 0; x < begins.length; x++) {
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            int end = at + ends[x];
            for (int i = at + begins[x], w = x * each; i < end; i += 3, w++) {
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
