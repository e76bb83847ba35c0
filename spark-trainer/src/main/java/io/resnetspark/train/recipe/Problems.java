package io.resnetspark.train.recipe;

import io.resnetspark.model.Spelling;
import io.resnetspark.storage.BadInputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Everything that is wrong with a recipe or a plan, so that a person fixes it at once. */
public final class Problems {
    private final List<String> problems = new ArrayList<>();
    private final List<Unknown> unknown = new ArrayList<>();
    /** Every key that may be there, by its name with its blocks' names. */
    private final Map<String, Form> known = new LinkedHashMap<>();

    /**
     * What may stand for a key.
     *
     * @param allowed in words
     * @param options all of them where one is to be chosen, else none
     */
    record Form(String allowed, List<String> options) {
        static Form of(String allowed) {
            return new Form(allowed, List.of());
        }
    }

    /** A key that nobody asked for, with its blocks' names, and those that may stand in its place. */
    private record Unknown(String where, String key, List<String> siblings) {}

    public void add(String problem) {
        problems.add(problem);
    }

    void known(String key, Form form) {
        known.put(key, form);
    }

    /** Every key that was asked for. */
    Map<String, Form> known() {
        return Collections.unmodifiableMap(known);
    }

    void unknown(String where, String key, List<String> siblings) {
        unknown.add(new Unknown(where, key, siblings));
    }

    boolean isEmpty() {
        return problems.isEmpty() && unknown.isEmpty();
    }

    /** Mistyped keys first: that another one is missing is often their consequence. */
    public void throwIfAny() {
        List<String> all = Stream.concat(unknown.stream().map(this::sentence), problems.stream())
                .toList();
        if (!all.isEmpty()) {
            throw new BadInputException(String.join("\n", all));
        }
    }

    private String sentence(Unknown mistyped) {
        return mistyped.where + ": there is no key '" + mistyped.key + "'; "
                + meant(mistyped)
                        .map(key -> "did you mean '" + key + "'?")
                        .orElse("here may stand " + String.join(", ", mistyped.siblings));
    }

    /** A key of the same block, or one that belongs into another. */
    private Optional<String> meant(Unknown mistyped) {
        String block = mistyped.key.substring(0, mistyped.key.lastIndexOf('.') + 1);
        String name = mistyped.key.substring(block.length());
        return Spelling.suggestion(name, mistyped.siblings)
                .map(sibling -> block + sibling)
                .or(() -> Spelling.suggestion(
                                name,
                                known.keySet().stream().map(Problems::last).toList())
                        .flatMap(elsewhere -> known.keySet().stream()
                                .filter(key -> last(key).equals(elsewhere))
                                .findFirst()));
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
