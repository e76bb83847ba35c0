package io.resnetspark.prepare;

import io.resnetspark.dataset.Split;
import java.io.Serializable;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds images with identical bytes. */
final class Duplicates {
    private Duplicates() {}

    /**
     * One of several copies of an image.
     *
     * @param isInDataset whether it is already in the dataset and cannot be removed
     */
    record Copy(String key, Split split, int label, boolean isInDataset) implements Serializable {}

    /**
     * The copies to exclude, with the reason. One copy is kept; test takes precedence over validation, validation over
     * training, so that no model is evaluated on its training data. If the classes differ, the right one is unknown and
     * all copies are excluded.
     */
    static Map<Copy, String> excluded(List<Copy> copies) {
        List<Copy> ordered = copies.stream()
                .sorted(Comparator.comparing((Copy copy) -> !copy.isInDataset)
                        .thenComparing(Copy::split, Comparator.reverseOrder())
                        .thenComparing(Copy::key))
                .toList();
        Copy first = ordered.get(0);
        boolean contradictory = ordered.stream().anyMatch(copy -> copy.label != first.label);
        Map<Copy, String> excluded = new LinkedHashMap<>();
        for (int i = contradictory ? 0 : 1; i < ordered.size(); i++) {
            Copy copy = ordered.get(i);
            Copy other = i == 0 ? ordered.get(1) : first;
            if (!copy.isInDataset) {
                excluded.put(copy, kind(copy, other, contradictory) + ": same bytes as " + other.key);
            }
        }
        return excluded;
    }

    private static String kind(Copy copy, Copy other, boolean contradictory) {
        if (contradictory) {
            return "duplicate in another class";
        }
        if (copy.split == other.split) {
            return "duplicate";
        }
        return "duplicate of an image to "
                + (other.split == Split.TEST ? "test on" : other.split == Split.VAL ? "validate on" : "train on");
    }
}
