package io.resnetspark.train.evaluate;

import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import java.io.Serializable;
import java.util.Arrays;

/** How a model did on some images, one after the other. */
final class MetricAccumulator implements Serializable {
    private static final long serialVersionUID = 1;
    /** A softmax may round to zero in float; its logarithm is cut here. */
    private static final double MIN_PROBABILITY = 1e-30;

    private int count;
    private int[] labels = new int[128];
    private boolean[] right = new boolean[128];
    private long amongFive;
    private double crossEntropy;

    /**
     * Adds an image. Of classes with the same probability, the first goes before, as everywhere; one that is no number
     * goes before all, so that a broken model is always wrong.
     *
     * @param label its class, as the dataset numbers them
     * @param output the network's for that class; -1 if it has none
     */
    void add(float[] probabilities, int label, int output) {
        int before = output < 0 ? probabilities.length : before(probabilities, output);
        append(label, before == 0);
        amongFive += before < 5 && output >= 0 ? 1 : 0;
        crossEntropy -= Math.log(output < 0 ? MIN_PROBABILITY : Math.max(MIN_PROBABILITY, probabilities[output]));
    }

    private static int before(float[] probabilities, int output) {
        int before = 0;
        for (int c = 0; c < probabilities.length; c++) {
            boolean behind = probabilities[c] < probabilities[output]
                    || (probabilities[c] == probabilities[output] && c > output);
            if (c != output && !behind) {
                before++;
            }
        }
        return before;
    }

    private void append(int label, boolean isRight) {
        if (count == labels.length) {
            labels = Arrays.copyOf(labels, 2 * count);
            right = Arrays.copyOf(right, 2 * count);
        }
        labels[count] = label;
        right[count] = isRight;
        count++;
    }

    /** Adds the images of another, behind these. */
    void add(MetricAccumulator other) {
        for (int i = 0; i < other.count; i++) {
            append(other.labels[i], other.right[i]);
        }
        amongFive += other.amongFive;
        crossEntropy += other.crossEntropy;
    }

    Predictions predictions(EvaluationProtocol protocol, Split split, double seconds) {
        long correct = 0;
        for (int i = 0; i < count; i++) {
            correct += right[i] ? 1 : 0;
        }
        EvaluationResult result = new EvaluationResult(
                protocol.toString(),
                split.folder(),
                count,
                correct,
                1 - (double) correct / count,
                1 - (double) amongFive / count,
                crossEntropy / count,
                count / seconds);
        return new Predictions(result, Arrays.copyOf(labels, count), Arrays.copyOf(right, count));
    }
}
