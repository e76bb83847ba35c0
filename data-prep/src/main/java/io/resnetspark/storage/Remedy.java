package io.resnetspark.storage;

import java.io.Serializable;
import java.util.List;

/**
 * What a user can do about bad input, as a code with values. Only the command line knows its options, and so it alone
 * has the words.
 *
 * @param values as {@link Kind} says
 */
public record Remedy(Kind kind, List<String> values) implements Serializable {
    /** The codes. */
    public enum Kind {
        /** Write to another place. */
        OTHER_OUTPUT,
        /** Resume what was begun at this place. */
        RESUME,
        /** Give up what was begun, and begin anew. */
        GIVE_UP,
        /** Begin a new run, elsewhere, from a model; its path. */
        START_FROM,
        /** Set a key of the recipe; the key, and a value that is allowed. */
        SET_KEY,
        /** Allow more bad images. */
        ALLOW_BAD_IMAGES,
        /** Keep duplicates, if they are no fault. */
        KEEP_DUPLICATES,
        /** Allow that images vanish from a corpus; the share that is enough. */
        ALLOW_REMOVED_IMAGES,
        /** Read another corpus as another layout; its name. */
        OTHER_SOURCE
    }

    public static Remedy of(Kind kind, String... values) {
        return new Remedy(kind, List.of(values));
    }
}
