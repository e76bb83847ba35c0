package io.resnetspark.dataset;

import io.resnetspark.storage.BadInputException;
import java.util.Locale;
import java.util.Optional;

/** The parts of a dataset. */
public enum Split {
    TRAIN,
    /** Used while a run is under way: for plateaus, the best checkpoint, and the gate of a retraining. */
    VAL,
    /** Held out until a user asks for it. Many corpora have none. */
    TEST;

    /** The name in paths and on the command line. */
    public String folder() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Split named(String name) {
        for (Split split : values()) {
            if (split.folder().equals(name)) {
                return split;
            }
        }
        throw new BadInputException("There is no split '" + name + "'; there are train, val and test.");
    }

    /** The split for a common folder or column name, in any case; valid and dev are VAL, for example. */
    public static Optional<Split> called(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "train", "training" -> Optional.of(TRAIN);
            case "val", "validation", "valid", "dev" -> Optional.of(VAL);
            case "test", "testing" -> Optional.of(TEST);
            default -> Optional.empty();
        };
    }
}
