package io.resnetspark.data.image;

import java.util.Arrays;

/**
 * How one side of a picture is scaled: for each output position its first input, and the weights of that and the next
 * ones, which sum to one but for roundings: they are multiples of 1 / {@link #ONE}, as PIL's are for bytes.
 *
 * @param weights of an output's k-th input, by k and output; two, four or more for each. The last ones may be zero, and
 *     may be of inputs that are not there.
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record Taps(int[] first, float[][] weights) {
    /** In 22 bits, so that 255 times a weight fits into an int, and a weight into a float. */
    static final int ONE = 1 << 22;

    /**
     * Of a triangle that widens as the picture shrinks.
     *
     * @param start where the part begins, in inputs
     * @param length of the part, in inputs
     * @param least the first input that may be looked at
     * @param most the input behind the last one that may be looked at
     */
    static Taps of(double start, double length, int least, int most, int outputs) {
        double scale = length / outputs;
        double support = Math.max(scale, 1);
        int[] first = new int[outputs];
        int[] end = new int[outputs];
        int each = 2;
        for (int o = 0; o < outputs; o++) {
            double centre = start + (o + 0.5) * scale;
            first[o] = Math.max(least, (int) (centre - support + 0.5));
            end[o] = Math.min(most, (int) (centre + support + 0.5));
            each = Math.max(each, end[o] - first[o]);
        }
        float[][] weights = new float[each == 3 ? 4 : each][outputs];
        for (int o = 0; o < outputs; o++) {
            double centre = start + (o + 0.5) * scale;
            double sum = 0;
            for (int i = first[o]; i < end[o]; i++) {
                sum += triangle(i, centre, support);
            }
            for (int i = first[o]; i < end[o]; i++) {
                weights[i - first[o]][o] = (float) (int) (0.5 + triangle(i, centre, support) / sum * ONE) / ONE;
            }
        }
        return new Taps(first, weights);
    }

    private static double triangle(int input, double centre, double support) {
        return Math.max(0, 1 - Math.abs(input + 0.5 - centre) / support);
    }

    /** How many weights each output has. */
    int each() {
        return weights.length;
    }

    /** The first input that anything is made of. */
    int begin() {
        return Arrays.stream(first).min().orElse(0);
    }

    /** The input behind the last one that has a weight. */
    int end() {
        return Arrays.stream(first).max().orElse(0) + each();
    }

    /** The same from the other side. */
    Taps mirrored() {
        int last = first.length - 1;
        int[] mirroredFirst = new int[first.length];
        float[][] mirroredWeights = new float[each()][first.length];
        for (int o = 0; o <= last; o++) {
            mirroredFirst[o] = first[last - o];
            for (int k = 0; k < each(); k++) {
                mirroredWeights[k][o] = weights[k][last - o];
            }
        }
        return new Taps(mirroredFirst, mirroredWeights);
    }
}
