package io.resnetspark.train.recipe;

import io.resnetspark.storage.BadInputException;
import java.util.ArrayList;
import java.util.List;

/** Everything that is wrong with a recipe or a plan, so that a person mends it in one go. */
public final class Problems {
    private final List<String> problems = new ArrayList<>();

    public void add(String problem) {
        problems.add(problem);
    }

    public void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new BadInputException(String.join("\n", problems));
        }
    }
}
