package io.resnetspark.train.evaluate;

import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How a model did on some images, one after the other; 12 bytes an image. */
final class MetricAccumulator implements Serializable {
    private static final long serialVersionUID = 1;
    /** A softmax may round to zero in float; its logarithm is cut here. */
    private static final double MIN_PROBABILITY = 1e-30;

    private int count;
    private int[] labels = new int[128];
    private int[] predicted = new int[128];
    private float[] confidences = new float[128];
    private long amongFive;
    private double crossEntropy;
    private final List<ImageScore> scores = new ArrayList<>();

    /**
     * Adds an image. Of classes with the same probability, the first goes before, as everywhere; one that is no number
     * goes before all, so that a broken model is always wrong.
     *
     * @param label its class, as the dataset numbers them
     */
    void add(float[] probabilities, int label, ClassMapping classes) {
        int output = classes.output(label);
        int before = output == ClassMapping.UNKNOWN ? probabilities.length : before(probabilities, output);
        int best = best(probabilities);
        if (best == ClassMapping.UNKNOWN) {
            append(label, ClassMapping.UNKNOWN, 1);
        } else {
            append(label, classes.label(best), probabilities[best]);
        }
        amongFive += before < 5 && output >= 0 ? 1 : 0;
        crossEntropy -= Math.log(output < 0 ? MIN_PROBABILITY : Math.max(MIN_PROBABILITY, probabilities[output]));
    }

    /** Keeps the score of the image that was added last. */
    void keep(ImageScore score) {
        scores.add(score);
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

    /** Where one is no number, none is the best. */
    private static int best(float... probabilities) {
        int best = 0;
        for (int c = 0; c < probabilities.length; c++) {
            if (Float.isNaN(probabilities[c])) {
                return ClassMapping.UNKNOWN;
            }
            best = probabilities[c] > probabilities[best] ? c : best;
        }
        return best;
    }

    private void append(int label, int prediction, float confidence) {
        if (count == labels.length) {
            labels = Arrays.copyOf(labels, 2 * count);
            predicted = Arrays.copyOf(predicted, 2 * count);
            confidences = Arrays.copyOf(confidences, 2 * count);
        }
        labels[count] = label;
        predicted[count] = prediction;
        confidences[count] = confidence;
        count++;
    }

    /** Adds the images of another, behind these. */
    void add(MetricAccumulator other) {
        for (int i = 0; i < other.count; i++) {
            append(other.labels[i], other.predicted[i], other.confidences[i]);
        }
        amongFive += other.amongFive;
        crossEntropy += other.crossEntropy;
        scores.addAll(other.scores);
    }

    int count() {
        return count;
    }

    Predictions predictions(EvaluationProtocol protocol, Split split, double seconds) {
        long correct = 0;
        for (int i = 0; i < count; i++) {
            correct += labels[i] == predicted[i] ? 1 : 0;
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
        return new Predictions(
                result,
                Arrays.copyOf(labels, count),
                Arrays.copyOf(predicted, count),
                Arrays.copyOf(confidences, count),
                List.copyOf(scores));
    }
}
