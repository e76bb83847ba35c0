package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import java.io.Serializable;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pictures whose bytes are the same. */
final class Duplicates {
    private Duplicates() {}

    /**
     * One of several copies of a picture.
     *
     * @param isInDataset whether it is in the dataset already, and cannot be taken out
     */
    record Copy(String key, Split split, int label, boolean isInDataset) implements Serializable {}

    /**
     * Which copies have to go, and why. One copy stays, one to test on before one to validate on before one to train on, so
     * that nothing is judged by what it was trained on. Where classes differ nobody knows which is right, and all go.
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
            return "double in another class";
        }
        if (copy.split == other.split) {
            return "double";
        }
        return "double of a picture to "
                + (other.split == Split.TEST ? "test on" : other.split == Split.VAL ? "validate on" : "train on");
    }
}
