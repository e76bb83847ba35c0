package io.resnetspark.image;

import java.util.Arrays;

/**
 * Filter weights for resampling one dimension: for each output the index of its first input, and the weights of that
 * input and the following ones. Weights sum to one except for rounding; they are multiples of 1 / {@link #ONE}, as
 * PIL's are for bytes.
 *
 * @param weights of an output's k-th input, indexed by k and output; two, four or more per output. The last ones may be
 *     zero and may refer to inputs that do not exist.
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record ResampleWeights(int[] firstInput, float[][] weights) {
    /** 22 bits, so that 255 times a weight fits into an int, and a weight into a float. */
    static final int ONE = 1 << 22;

    /**
     * Weights of a triangle filter that widens as the image shrinks.
     *
     * @param start start of the region, in inputs
     * @param length of the region, in inputs
     * @param firstAllowed the first input that may be read
     * @param endAllowed the end (exclusive) of the inputs that may be read
     */
    static ResampleWeights bilinear(double start, double length, int firstAllowed, int endAllowed, int outputs) {
        double scale = length / outputs;
        double support = Math.max(scale, 1);
        int[] firstInput = new int[outputs];
        int[] end = new int[outputs];
        int perOutput = 2;
        for (int o = 0; o < outputs; o++) {
            double center = start + (o + 0.5) * scale;
            firstInput[o] = Math.max(firstAllowed, (int) (center - support + 0.5));
            end[o] = Math.min(endAllowed, (int) (center + support + 0.5));
            perOutput = Math.max(perOutput, end[o] - firstInput[o]);
        }
        float[][] weights = new float[perOutput == 3 ? 4 : perOutput][outputs];
        for (int o = 0; o < outputs; o++) {
            double center = start + (o + 0.5) * scale;
            double sum = 0;
            for (int i = firstInput[o]; i < end[o]; i++) {
                sum += triangle(i, center, support);
            }
            for (int i = firstInput[o]; i < end[o]; i++) {
                weights[i - firstInput[o]][o] = (float) (int) (0.5 + triangle(i, center, support) / sum * ONE) / ONE;
            }
        }
        return new ResampleWeights(firstInput, weights);
    }

    private static double triangle(int input, double center, double support) {
        return Math.max(0, 1 - Math.abs(input + 0.5 - center) / support);
    }

    /** Weights per output. */
    int perOutput() {
        return weights.length;
    }

    /** The first input of all outputs. */
    int firstOfAll() {
        return Arrays.stream(firstInput).min().orElse(0);
    }

    /** The end (exclusive) of the inputs of all outputs. */
    int endOfAll() {
        return Arrays.stream(firstInput).max().orElse(0) + perOutput();
    }

    /** The same weights for a flipped output. */
    ResampleWeights flipped() {
        int last = firstInput.length - 1;
        int[] flippedFirst = new int[firstInput.length];
        float[][] flippedWeights = new float[perOutput()][firstInput.length];
        for (int o = 0; o <= last; o++) {
            flippedFirst[o] = firstInput[last - o];
            for (int k = 0; k < perOutput(); k++) {
                flippedWeights[k][o] = weights[k][last - o];
            }
        }
        return new ResampleWeights(flippedFirst, flippedWeights);
    }
}
