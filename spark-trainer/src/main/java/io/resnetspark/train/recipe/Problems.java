package io.resnetspark.train.recipe;

import io.resnetspark.model.Spelling;
import io.resnetspark.storage.BadInputException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Everything that is wrong with a recipe or a plan, so that a person mends it in one go. */
public final class Problems {
    private final List<String> problems = new ArrayList<>();
    private final List<Unknown> unknown = new ArrayList<>();
    /** Every key that may be there, with its blocks' names. */
    private final Set<String> known = new LinkedHashSet<>();

    /** A key that nobody asked for, with its blocks' names, and those that may stand in its place. */
    private record Unknown(String where, String key, List<String> siblings) {}

    public void add(String problem) {
        problems.add(problem);
    }

    void known(String key) {
        known.add(key);
    }

    void unknown(String where, String key, List<String> siblings) {
        unknown.add(new Unknown(where, key, siblings));
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
                                name, known.stream().map(Problems::last).toList())
                        .flatMap(elsewhere -> known.stream()
                                .filter(key -> last(key).equals(elsewhere))
                                .findFirst()));
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
