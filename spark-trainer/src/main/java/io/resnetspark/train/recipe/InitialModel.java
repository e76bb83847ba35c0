package io.resnetspark.train.recipe;

import java.io.Serializable;
import java.util.Set;

/**
 * Where training begins.
 *
 * @param path of an artifact; empty for random weights
 * @param newHead whether the classifier begins anew, since the classes are others
 * @param freeze parts that stay as they are, by vertex name or the beginning of one
 */
public record InitialModel(String path, boolean newHead, Set<String> freeze) implements Serializable {
    public boolean isGiven() {
        return !path.isEmpty();
    }

    static InitialModel read(Section section) {
        InitialModel model = new InitialModel(
                section.place("path"),
                section.choice("head", "keep", "new").equals("new"),
                Set.copyOf(section.texts("freeze")));
        section.refuseUnknown();
        if (!model.isGiven() && (model.newHead || !model.freeze.isEmpty())) {
            section.problem(
                    "path", "\"\"", "the path of a model, where its head is replaced or parts of it are frozen");
        }
        return model;
    }
}
