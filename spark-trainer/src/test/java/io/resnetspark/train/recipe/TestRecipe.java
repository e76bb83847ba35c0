package io.resnetspark.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.image.Crop;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TestRecipe {
    private static final String GOOD = """
            network = resnet18
            seed = 7
            data {
              crop = 224
              augmentation { kind = scale-jitter, shorter-side = [256, 480] }
              colour-noise = 0.1
              mean = per-pixel
              evaluation-shorter-side = 256
            }
            workers = 4
            batch = 64
            steps-per-round = 8
            epochs = 90
            momentum = 0.9
            weight-decay = 1e-4
            learning-rate { kind = steps, initial = 0.1, tenth-at-epochs = [30, 60], warm-up-epochs = 0 }
            """;

    static List<Path> recipes() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "recipes"))) {
            return files.toList();
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void readsEveryRecipeOfTheRepository(Path file) throws IOException {
        Recipe recipe = Recipe.parse(Files.readString(file), file.toString(), Map.of());
        assertThat(Recipe.parse(recipe.text(), "resolved", Map.of()))
                .usingRecursiveComparison()
                .ignoringFields("text")
                .isEqualTo(recipe);
    }

    @Test
    void readsWhatIsWritten() {
        Recipe recipe = Recipe.parse(GOOD, "good.conf", Map.of());
        assertThat(recipe.architecture().name()).isEqualTo("resnet18");
        assertThat(recipe.seed()).isEqualTo(7);
        assertThat(recipe.data())
                .isEqualTo(new DataRecipe(new Crop.ScaleJitter(256, 480, 224), new Crop.Centre(256, 224), 0.1, true));
        assertThat(recipe.learningRate()).isEqualTo(new LearningRate.Steps(0.1, List.of(30.0, 60.0)));
    }

    @Test
    void overridesWinAndAreChecked() {
        Recipe recipe = Recipe.parse(GOOD, "good.conf", Map.of("learning-rate.initial", "0.5", "network", "resnet34"));
        assertThat(recipe.learningRate().at(0)).isEqualTo(0.5);
        assertThat(recipe.network()).isEqualTo("resnet34");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("workers", "0")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("--set workers: workers = 0; allowed is a whole number from 1");
    }

    @Test
    void namesAllProblemsAtOnceWithFileLineKeyAndWhatIsAllowed() {
        String bad = GOOD.replace("momentum = 0.9", "momentum = 1.5")
                .replace("batch = 64", "batchsize = 64")
                .replace("kind = scale-jitter", "kind = scale-jiter")
                .replace("epochs = 90", "epochs = many");
        assertThatThrownBy(() -> Recipe.parse(bad, "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:14: momentum = 1.5; allowed is a number from 0.0 to")
                .hasMessageContaining("bad.conf:11: there is no key 'batchsize'; here may stand network, ")
                .hasMessageContaining("the key 'batch' is missing; it is a whole number from 1")
                .hasMessageContaining(
                        "bad.conf:5: data.augmentation.kind = scale-jiter; allowed is one of scale-jitter")
                .hasMessageContaining("bad.conf:13: epochs = many; allowed is a whole number");
    }

    @Test
    void refusesAKeyThatAnotherKindWouldHave() {
        String bad = GOOD.replace("kind = steps", "kind = cosine");
        assertThatThrownBy(() -> Recipe.parse(bad, "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:16: there is no key 'learning-rate.tenth-at-epochs'");
    }

    @Test
    void cutsNothingOffNumbers() {
        assertThatThrownBy(() -> Recipe.parse(GOOD.replace("batch = 64", "batch = 64.7"), "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:11: batch = 64.7; allowed is a whole number");
    }

    @Test
    void saysTheNearestNetwork() {
        assertThatThrownBy(() -> Recipe.parse(GOOD.replace("resnet18", "resnet-18"), "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:1: network = resnet-18")
                .hasMessageContaining("Did you mean 'resnet18'?");
    }

    @Test
    void saysWhereTheSyntaxBreaks() {
        assertThatThrownBy(() -> Recipe.parse("network = resnet18\ndata {\n", "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf");
    }

    @Test
    void ratesFollowTheirFormulas() {
        LearningRate steps = new LearningRate.Steps(0.1, List.of(30.0, 60.0));
        assertThat(steps.at(29.99)).isEqualTo(0.1);
        assertThat(steps.at(30)).isCloseTo(0.01, within(1e-12));
        assertThat(steps.at(75)).isCloseTo(0.001, within(1e-12));
        LearningRate cosine = new LearningRate.Cosine(0.2, 10);
        assertThat(cosine.at(0)).isEqualTo(0.2);
        assertThat(cosine.at(5)).isCloseTo(0.1, within(1e-12));
        assertThat(cosine.at(10)).isCloseTo(0, within(1e-12));
        assertThat(cosine.at(11)).isCloseTo(0, within(1e-12));
        LearningRate warm = new LearningRate.WarmUp(2, steps);
        assertThat(warm.at(0)).isCloseTo(0.01, within(1e-12));
        assertThat(warm.at(1)).isCloseTo(0.055, within(1e-12));
        assertThat(warm.at(2)).isEqualTo(0.1);
    }
}
