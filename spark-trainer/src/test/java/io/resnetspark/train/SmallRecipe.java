package io.resnetspark.train;

import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A recipe that learns three colours in seconds. */
public final class SmallRecipe {
    public static final String TEXT = """
            network = resnet20
            seed = 3
            data {
              image-size = 32
              augmentation = [ { kind = random-crop, padding = 2 }, { kind = horizontal-flip } ]
              mean = per-channel
              evaluation-resize = 32
            }
            workers = 2
            batch-size = 8
            steps-per-round = 3
            epochs = 8
            momentum = 0.9
            weight-decay = 1e-4
            learning-rate { kind = cosine, initial = 0.01, warm-up-epochs = 0.5 }
            """;

    private SmallRecipe() {}

    public static Path write(Path file) throws IOException {
        return Files.writeString(file, TEXT);
    }

    /**
     * @param usual what all tests of a class have otherwise
     * @param overrides what one has otherwise, over that
     */
    public static Recipe with(Map<String, String> usual, Map<String, String> overrides) {
        Map<String, String> all = new LinkedHashMap<>(usual);
        all.putAll(overrides);
        return Recipe.parse(TEXT, "test", all);
    }
}
