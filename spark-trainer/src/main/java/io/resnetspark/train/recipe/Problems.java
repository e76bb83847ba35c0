package io.resnetspark.train.recipe;

import io.resnetspark.storage.BadInputException;
import java.util.ArrayList;
import java.util.List;

/** Everything that is wrong with a recipe, so that a person mends it in one go. */
final class Problems {
    private final List<String> problems = new ArrayList<>();

    void add(String problem) {
        problems.add(problem);
    }

    void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new BadInputException(String.join("\n", problems));
        }
    }
}
