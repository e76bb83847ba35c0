package io.resnetspark.train.evaluate;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How good a model is in one class, in scikit-learn's terms (classification_report).
 *
 * @param label name of the class
 * @param precision share of the images predicted to be of it that are, 0 to 1; null if none was predicted
 * @param recall share of its images that were predicted to be, 0 to 1: the class's accuracy; null if it has none
 * @param support images of it in the split
 */
public record ClassMetrics(String label, Double precision, Double recall, long support) {
    /** Of every class, in the order of the dataset's labels. */
    static List<ClassMetrics> of(Predictions predictions, List<String> classes) {
        long[] support = new long[classes.size()];
        long[] predicted = new long[classes.size()];
        long[] right = new long[classes.size()];
        for (int i = 0; i < predictions.labels().length; i++) {
            support[predictions.labels()[i]]++;
            if (predictions.predicted()[i] != ClassMapping.UNKNOWN) {
                predicted[predictions.predicted()[i]]++;
            }
            if (predictions.isRight(i)) {
                right[predictions.labels()[i]]++;
            }
        }
        return IntStream.range(0, classes.size())
                .mapToObj(c -> new ClassMetrics(
                        classes.get(c), share(right[c], predicted[c]), share(right[c], support[c]), support[c]))
                .toList();
    }

    private static Double share(long part, long whole) {
        return whole == 0 ? null : (double) part / whole;
    }
}
