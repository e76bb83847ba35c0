package io.resnetspark.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A recipe that learns three colours in seconds. */
public final class SmallRecipe {
    private SmallRecipe() {}

    public static Path write(Path file) throws IOException {
        return Files.writeString(file, """
                network = resnet20
                seed = 3
                data {
                  crop = 32
                  augmentation { kind = pad-and-shift, padding = 2 }
                  colour-noise = 0
                  mean = per-channel
                  evaluation-shorter-side = 32
                }
                workers = 2
                batch = 8
                steps-per-round = 3
                epochs = 8
                momentum = 0.9
                weight-decay = 1e-4
                learning-rate { kind = cosine, initial = 0.01, warm-up-epochs = 0.5 }
                """);
    }
}
