package io.resnetspark.train.evaluate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** How the class lists of two models, or of a model and a dataset, differ. */
public final class ClassDifference {
    /** Names of one side in a message; a thousand of them would hide the sentence. */
    private static final int SHOWN = 8;

    private ClassDifference() {}

    /**
     * A phrase such as "only the model has dog; only the dataset has fox, wolf".
     *
     * @param one a name for the first list, as the phrase is to call it
     * @param other a name for the second list
     * @return nothing if both have the same classes in the same order
     */
    public static Optional<String> between(String one, List<String> its, String other, List<String> theirs) {
        if (its.equals(theirs)) {
            return Optional.empty();
        }
        List<String> parts = new ArrayList<>();
        only(one, its, theirs).ifPresent(parts::add);
        only(other, theirs, its).ifPresent(parts::add);
        return Optional.of(parts.isEmpty() ? order(one, its, other, theirs) : String.join("; ", parts));
    }

    private static Optional<String> only(String who, List<String> classes, List<String> others) {
        Set<String> known = new HashSet<>(others);
        List<String> only =
                classes.stream().filter(name -> !known.contains(name)).toList();
        if (only.isEmpty()) {
            return Optional.empty();
        }
        String names = only.stream().limit(SHOWN).collect(Collectors.joining(", "));
        String more = only.size() > SHOWN ? String.format(" and %,d more", only.size() - SHOWN) : "";
        return Optional.of("only " + who + " has " + names + more);
    }

    private static String order(String one, List<String> its, String other, List<String> theirs) {
        int first = 0;
        while (first < Math.min(its.size(), theirs.size()) && its.get(first).equals(theirs.get(first))) {
            first++;
        }
        return String.format(
                "the same names in another order or number: class %d is %s in %s, and %s in %s",
                first, name(its, first), one, name(theirs, first), other);
    }

    private static String name(List<String> classes, int index) {
        return index < classes.size() ? classes.get(index) : "missing";
    }
}
