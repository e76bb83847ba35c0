package io.resnetspark.train.recipe;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What must be there to evaluate on after each epoch. */
public enum ValidationCoverage {
    /** At least one image of each class. */
    EVERY_CLASS,
    /** At least one image; nothing is known of how good the model is in a class that has none. */
    SOME_CLASSES,
    /** Nothing, since nothing is evaluated. */
    NONE;

    private static final String KEY = "data.validation-coverage";
    private static final int SHOWN = 10;

    /** As recipes say it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Looks before any work is done.
     *
     * @throws BadInputException if what the recipe evaluates on is not there, saying what to do
     */
    public void require(Dataset.Opened data) {
        if (this == NONE) {
            return;
        }
        if (data.dataset().examples(Split.VAL) == 0) {
            throw new BadInputException(
                    data.path() + " has no images in its split val, on which the recipe evaluates"
                            + " after each epoch. Prepare some.",
                    List.of(Remedy.of(Remedy.Kind.SET_KEY, KEY, NONE.toString())));
        }
        List<String> without = classesWithout(data.dataset());
        if (this == EVERY_CLASS && !without.isEmpty()) {
            throw new BadInputException(
                    String.format(
                            "%s has no images in its split val of %,d of %,d classes: %s%s. Prepare some.",
                            data.path(),
                            without.size(),
                            data.dataset().classes().size(),
                            without.stream().limit(SHOWN).collect(Collectors.joining(", ")),
                            without.size() > SHOWN ? ", ..." : ""),
                    List.of(Remedy.of(Remedy.Kind.SET_KEY, KEY, SOME_CLASSES.toString())));
        }
    }

    /** Those that the validation split has no image of; datasets of the first format do not tell. */
    public static List<String> classesWithout(Dataset dataset) {
        if (dataset.images() == null) {
            return List.of();
        }
        List<Long> images = dataset.images(Split.VAL);
        return IntStream.range(0, dataset.classes().size())
                .filter(label -> images.get(label) == 0)
                .mapToObj(dataset.classes()::get)
                .toList();
    }
}
