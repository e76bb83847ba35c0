package io.resnetspark.train.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An entry of the confusion matrix that is not zero.
 *
 * @param label name of the right class: the matrix's row
 * @param predicted name of the most probable class, its column; null where the model had none (NaN)
 * @param count images
 */
public record ConfusionCount(String label, String predicted, long count) {
    /** Row by row, in the order of the dataset's labels. */
    static List<ConfusionCount> of(Predictions predictions, List<String> classes) {
        Map<Long, Long> counts = new TreeMap<>();
        for (int i = 0; i < predictions.labels().length; i++) {
            // Unknown, which is -1, stands before the others of its row.
            long place = (long) predictions.labels()[i] * (classes.size() + 1)
                    + predictions.predicted()[i]
                    + 1;
            counts.merge(place, 1L, Long::sum);
        }
        List<ConfusionCount> entries = new ArrayList<>();
        counts.forEach((place, count) -> {
            int column = (int) (place % (classes.size() + 1)) - 1;
            entries.add(new ConfusionCount(
                    classes.get((int) (place / (classes.size() + 1))),
                    column == ClassMapping.UNKNOWN ? null : classes.get(column),
                    count));
        });
        return entries;
    }
}
