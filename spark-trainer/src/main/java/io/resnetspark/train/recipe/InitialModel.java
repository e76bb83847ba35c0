package io.resnetspark.train.recipe;

import java.io.Serializable;
import java.util.Locale;
import java.util.Set;

/**
 * Where training begins.
 *
 * @param path of an artifact; empty for random weights
 * @param head what becomes of its classifier
 * @param freeze parts that stay as they are, by vertex name or the beginning of one
 */
public record InitialModel(String path, Head head, Set<String> freeze) implements Serializable {
    /** What becomes of a model's classifier. */
    public enum Head {
        /** It stays; the classes must be the same, in the same order. */
        KEEP,
        /** It begins anew, since the classes are others. */
        NEW,
        /** Its rows stay for classes of the same names; others begin anew. */
        BY_CLASS;

        /** As recipes say it. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public boolean isGiven() {
        return !path.isEmpty();
    }

    static InitialModel read(Section section) {
        InitialModel model = new InitialModel(
                section.place("path"), section.choice("head", Head.class), Set.copyOf(section.texts("freeze")));
        section.refuseUnknown();
        if (!model.isGiven() && (model.head != Head.KEEP || !model.freeze.isEmpty())) {
            section.problem(
                    "path", "\"\"", "the path of a model, where its head is replaced or parts of it are frozen");
        }
        return model;
    }
}
