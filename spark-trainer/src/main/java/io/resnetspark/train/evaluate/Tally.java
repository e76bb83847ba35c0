package io.resnetspark.train.evaluate;

import java.io.Serializable;

/** Counts over some pictures; tallies add up. */
record Tally(long count, long correct, long amongFive, double crossEntropy) implements Serializable {
    static final Tally NOTHING = new Tally(0, 0, 0, 0);

    /** A softmax may round to zero in float; its logarithm is cut here. */
    private static final double LEAST_PROBABILITY = 1e-30;

    Tally plus(Tally other) {
        return new Tally(
                count + other.count,
                correct + other.correct,
                amongFive + other.amongFive,
                crossEntropy + other.crossEntropy);
    }

    /**
     * With one more picture. Of classes with the same probability, the first goes before, as everywhere; one that is no
     * number goes before all, so that a broken model is always wrong.
     */
    Tally with(float[] probabilities, int label) {
        int before = 0;
        for (int c = 0; c < probabilities.length; c++) {
            boolean behind =
                    probabilities[c] < probabilities[label] || (probabilities[c] == probabilities[label] && c > label);
            if (c != label && !behind) {
                before++;
            }
        }
        return new Tally(
                count + 1,
                correct + (before == 0 ? 1 : 0),
                amongFive + (before < 5 ? 1 : 0),
                crossEntropy - Math.log(Math.max(LEAST_PROBABILITY, probabilities[label])));
    }
}
