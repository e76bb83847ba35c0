package io.resnetspark.data;

import io.resnetspark.storage.BadInputException;
import java.util.Locale;

/** The parts of a dataset. */
public enum Split {
    TRAIN,
    /** What a run looks at while it goes on: plateaus, the best checkpoint, the gate of a retraining. */
    VAL,
    /** Kept apart until somebody asks for it; many corpora have none. */
    TEST;

    /** As in paths and on the command line. */
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

    /** Where a picture of a corpus without splits goes: one in ten is for validation, however the corpus grows. */
    public static Split byHash(String key) {
        return Long.remainderUnsigned(Seeds.hash(key), 10) == 0 ? VAL : TRAIN;
    }
}
