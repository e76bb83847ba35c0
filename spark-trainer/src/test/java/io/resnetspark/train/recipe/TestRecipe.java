package io.resnetspark.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.input.Crop;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.augment.Augmentation;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.dtype.Dtype;
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
              image-size = 224
              augmentation = [
                { kind = resize, shorter-side = [256, 480] }, { kind = random-crop }, { kind = pca-lighting }
              ]
              mean = per-pixel
              evaluation-resize = 256
            }
            workers = 4
            batch-size = 64
            steps-per-round = 8
            epochs = 90
            momentum = 0.9
            weight-decay = 1e-4
            learning-rate { kind = multistep, initial = 0.1, milestones = [30, 60], warm-up-epochs = 0 }
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
                .isEqualTo(new DataRecipe(
                        new Augmentation(List.of(), new Crop.ScaleJitter(256, 480, 224), 0.1),
                        new Crop.CenterCrop(256, 224),
                        ValidationCoverage.EVERY_CLASS,
                        List.of(),
                        true,
                        false));
        assertThat(recipe.learningRate()).isEqualTo(new LearningRateSchedule.MultiStep(0.1, List.of(30.0, 60.0), 0.1));
    }

    @Test
    void aBlockThatIsMissingIsMissingInTheRecipeAndNotInTheDefaults() {
        assertThatThrownBy(() -> Recipe.parse("network = resnet18", "short.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("short.conf:1: the key 'data.image-size' is missing")
                .hasMessageContaining("short.conf:1: the key 'data.augmentation' is missing")
                .hasMessageContaining("short.conf:1: the key 'learning-rate.initial' is missing")
                .hasMessageNotContaining("defaults.conf");
    }

    @Test
    void overridesWinAndAreChecked() {
        Recipe recipe = Recipe.parse(GOOD, "good.conf", Map.of("learning-rate.initial", "0.5", "network", "resnet34"));
        assertThat(recipe.learningRate().at(0, 0)).isEqualTo(0.5);
        assertThat(recipe.network()).isEqualTo("resnet34");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("workers", "0")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("set workers: workers = 0; allowed is a whole number from 1");
    }

    @Test
    void theFinalModelMayBeEvaluatedByOtherProtocols() {
        Recipe recipe =
                Recipe.parse(GOOD, "good.conf", Map.of("data.evaluation-protocols", "[ten-crop, one-crop, ten-crop]"));
        assertThat(recipe.data().protocols()).containsExactly(EvaluationProtocol.TEN_CROP, EvaluationProtocol.ONE_CROP);
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("data.evaluation-protocols", "[five-crop]")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("evaluation-protocols = [five-crop]; allowed is a list of one-crop or ten-crop");
    }

    @Test
    void whatFollowsAnEvaluationCannotDoWithoutOne() {
        for (String[] follower : new String[][] {
            {"data.evaluation-protocols", "[ten-crop]"},
            {"learning-rate", "{ kind = plateau, initial = 0.1, patience = 3, threshold = 0.01, warm-up-epochs = 0 }"}
        }) {
            assertThatThrownBy(() -> Recipe.parse(
                            GOOD, "good.conf", Map.of(follower[0], follower[1], "data.validation-coverage", "none")))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("data.validation-coverage = none; allowed is");
        }
        assertThat(Recipe.parse(GOOD, "good.conf", Map.of("data.validation-coverage", "some-classes"))
                        .data()
                        .validationCoverage())
                .isEqualTo(ValidationCoverage.SOME_CLASSES);
    }

    /** What a checkpoint or an attempt holds was perhaps written by an earlier version. */
    @Test
    void aRecipeOfBeforeAKeyWasThereSaysWhatIsUsual() {
        String now = Recipe.parse(GOOD, "good.conf", Map.of()).text();
        String before = now.replaceAll("(?m)^ *evaluation-protocols.*$", "");
        assertThat(before).isNotEqualTo(now);
        assertThat(Recipe.values(before)).isEqualTo(Recipe.values(now)).containsEntry("network", "resnet18");
        assertThat(Recipe.values(now.replace("seed=7", "seed=8"))).isNotEqualTo(Recipe.values(now));
    }

    /** In a file, in a checkpoint, and on the command line, by itself or in a block. */
    @Test
    void aKeyIsReadByTheNameThatItHadBefore() {
        String old = GOOD + "averaging { contributions = float16 }\n";
        Recipe now = Recipe.parse(GOOD, "good.conf", Map.of("averaging.update-dtype", "float16"));
        assertThat(now.averaging().updateDtype()).isEqualTo(Dtype.FLOAT16);
        for (Recipe before : List.of(
                Recipe.parse(old, "old.conf", Map.of()),
                Recipe.parse(GOOD, "good.conf", Map.of("averaging.contributions", "float16")),
                Recipe.parse(GOOD, "good.conf", Map.of("averaging", "{ contributions = float16 }")))) {
            assertThat(before.averaging()).isEqualTo(now.averaging());
            assertThat(Recipe.values(before.text())).isEqualTo(Recipe.values(now.text()));
        }
        assertThat(Recipe.parse(old, "old.conf", Map.of("averaging.update-dtype", "bfloat16"))
                        .averaging()
                        .updateDtype())
                .isEqualTo(Dtype.BFLOAT16);
        String stored = now.text().replace("update-dtype", "contributions");
        assertThat(stored).isNotEqualTo(now.text());
        assertThat(Recipe.values(stored)).isEqualTo(Recipe.values(now.text()));
        assertThat(Recipe.differences(stored)).isEqualTo(Recipe.differences(now.text()));
    }

    @Test
    void anOldNameAndItsNewOneTogetherAreRefused() {
        String both = GOOD + "averaging {\n update-dtype = float16\n contributions = float16\n}\n";
        assertThatThrownBy(() -> Recipe.parse(both, "both.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("both.conf:20: there is no key 'averaging.contributions'");
        assertThatThrownBy(
                        () -> Recipe.parse(GOOD + "averaging {\n contributions = float8\n}\n", "wrong.conf", Map.of()))
                .hasMessageContaining("wrong.conf:19: averaging.update-dtype = float8; allowed is one of float32,");
    }

    @Test
    void saysWhatItIsToBeComputedWith() {
        assertThat(Recipe.parse(GOOD, "good.conf", Map.of()).compute()).isEqualTo(ComputeOptions.AUTO);
        Map<String, String> all = Map.of("kernels", "cuda", "precision", "bfloat16", "deterministic", "false");
        assertThat(Recipe.parse(GOOD, "good.conf", all).compute())
                .isEqualTo(new ComputeOptions(KernelOption.CUDA, PrecisionOption.BFLOAT16, false));
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("kernels", "gpu", "precision", "float16")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("kernels = gpu; allowed is one of auto, cuda, onednn, nd4j")
                .hasMessageContaining("precision = float16; allowed is one of auto, float32, tf32, bfloat16");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("kernels", "cuda", "averaging.engine", "dl4j")))
                .hasMessageContaining("averaging.engine = dl4j; allowed is native where kernels = cuda");
    }

    @Test
    void namesAllProblemsAtOnceWithFileLineKeyAndWhatIsAllowed() {
        String bad = GOOD.replace("momentum = 0.9", "momentum = 1.5")
                .replace("batch-size = 64", "batchsize = 64")
                .replace("kind = resize", "kind = resise")
                .replace("epochs = 90", "epochs = many");
        assertThatThrownBy(() -> Recipe.parse(bad, "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:15: momentum = 1.5; allowed is a number from 0.0 to")
                .hasMessageContaining("bad.conf:12: there is no key 'batchsize'; did you mean 'batch-size'?")
                .hasMessageContaining("the key 'batch-size' is missing; it is a whole number from 1")
                .hasMessageContaining("bad.conf:6: data.augmentation.kind = resise; allowed is one of center-crop")
                .hasMessageContaining("bad.conf:14: epochs = many; allowed is a whole number");
    }

    /** The mistyped key comes before the one that is missing for it. */
    @Test
    void saysWhatAMistypedKeyMayHaveMeant() {
        assertThatThrownBy(() -> Recipe.parse(GOOD.replace("epochs = 90", "epoch = 90"), "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("bad.conf:14: there is no key 'epoch'; did you mean 'epochs'?")
                .hasMessageContaining("the key 'epochs' is missing");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("epoch", "3")))
                .hasMessage("set epoch: there is no key 'epoch'; did you mean 'epochs'?");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("learning-rate.inital", "3")))
                .hasMessageContaining("did you mean 'learning-rate.initial'?");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("warm-up-epochs", "3")))
                .hasMessageContaining("did you mean 'learning-rate.warm-up-epochs'?");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("lr", "3")))
                .hasMessageContaining("here may stand network, ");
    }

    @Test
    void tellsWhatIsNotAsItWouldBeByItself() {
        Recipe recipe = Recipe.parse(GOOD, "good.conf", Map.of("averaging.momentum", "local", "nesterov", "false"));
        assertThat(Recipe.differences(recipe.text()))
                .containsEntry("averaging.momentum", "\"local\"")
                .containsEntry("epochs", "90")
                .doesNotContainKeys("nesterov", "averaging.engine", "precise-batch-norm");
    }

    @Test
    void refusesAKeyThatAnotherKindWouldHave() {
        String bad = GOOD.replace("kind = multistep", "kind = cosine");
        assertThatThrownBy(() -> Recipe.parse(bad, "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:17: there is no key 'learning-rate.milestones'");
    }

    @Test
    void cutsNothingOffNumbers() {
        assertThatThrownBy(
                        () -> Recipe.parse(GOOD.replace("batch-size = 64", "batch-size = 64.7"), "bad.conf", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.conf:12: batch-size = 64.7; allowed is a whole number");
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
        LearningRateSchedule steps = new LearningRateSchedule.MultiStep(0.1, List.of(30.0, 60.0), 0.1);
        assertThat(steps.at(29.99, 0)).isEqualTo(0.1);
        assertThat(steps.at(30, 0)).isCloseTo(0.01, within(1e-12));
        assertThat(steps.at(75, 0)).isCloseTo(0.001, within(1e-12));
        LearningRateSchedule cosine = new LearningRateSchedule.Cosine(0.2, 10);
        assertThat(cosine.at(0, 0)).isEqualTo(0.2);
        assertThat(cosine.at(5, 0)).isCloseTo(0.1, within(1e-12));
        assertThat(cosine.at(10, 0)).isCloseTo(0, within(1e-12));
        assertThat(cosine.at(11, 0)).isCloseTo(0, within(1e-12));
        LearningRateSchedule warm = new LearningRateSchedule.WarmUp(2, 0.1, true, steps);
        assertThat(warm.at(0, 0)).isCloseTo(0.01, within(1e-12));
        assertThat(warm.at(1, 0)).isCloseTo(0.055, within(1e-12));
        assertThat(warm.at(2, 0)).isEqualTo(0.1);
        LearningRateSchedule flat = new LearningRateSchedule.WarmUp(1, 0.1, false, steps);
        assertThat(flat.at(0.9, 0)).isCloseTo(0.01, within(1e-12));
        assertThat(flat.at(1, 0)).isEqualTo(0.1);
        LearningRateSchedule polynomial = new LearningRateSchedule.Polynomial(0.1, 2, 10);
        assertThat(polynomial.at(5, 0)).isCloseTo(0.025, within(1e-12));
        assertThat(polynomial.at(10, 0)).isZero();
    }

    @Test
    void aPlateauDividesTheRateWhenTheErrorStaysWhereItWas() {
        LearningRateSchedule plateau = new LearningRateSchedule.Plateau(0.1, 1, 0.01, 0.1);
        assertThat(plateau.drops(List.of(0.9, 0.5, 0.495))).isZero();
        assertThat(plateau.drops(List.of(0.9, 0.5, 0.495, 0.494))).isEqualTo(1);
        assertThat(plateau.drops(List.of(0.9, 0.5, 0.495, 0.494, 0.47, 0.6, 0.45)))
                .isEqualTo(1);
        assertThat(plateau.drops(List.of(0.9, 0.5, 0.5, 0.5, 0.5, 0.5))).isEqualTo(2);
        assertThat(plateau.at(50, 2)).isCloseTo(0.001, within(1e-12));
        assertThat(new LearningRateSchedule.WarmUp(1, 0.1, true, plateau).drops(List.of(0.5, 0.5, 0.5)))
                .isEqualTo(1);
    }

    @Test
    void periodsFollowTheirRules() {
        assertThat(new AveragingPeriod.PostLocal(8, 30).steps(29.9, 0.1)).isEqualTo(1);
        assertThat(new AveragingPeriod.PostLocal(8, 30).steps(30, 0.1)).isEqualTo(8);
        assertThat(new AveragingPeriod.Quadratic(4, 0.2).steps(3, 0.1)).isEqualTo(4);
        assertThat(new AveragingPeriod.Quadratic(4, 0.2).steps(3, 0.01)).isEqualTo(400);
        assertThat(new AveragingPeriod.Quadratic(4, 0.2).steps(3, 0)).isEqualTo(1_000_000);
        Recipe recipe = Recipe.parse(
                GOOD,
                "good.conf",
                Map.of("averaging.every-step-in-warm-up", "true", "learning-rate.warm-up-epochs", "5"));
        assertThat(recipe.averaging().period().steps(4.9, 0.1)).isEqualTo(1);
        assertThat(recipe.averaging().period().steps(5, 0.1)).isEqualTo(8);
    }

    @Test
    void workersAddUpGradientsForTheGlobalBatch() {
        assertThat(Recipe.parse(GOOD, "good.conf", Map.of()).accumulationSteps())
                .isEqualTo(1);
        Map<String, String> papers = Map.of("global-batch-size", "256", "workers", "2", "batch-size", "32");
        assertThat(Recipe.parse(GOOD, "good.conf", papers).accumulationSteps()).isEqualTo(4);
        assertThatThrownBy(() -> Recipe.parse(
                        GOOD, "good.conf", Map.of("global-batch-size", "256", "workers", "3", "batch-size", "32")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "global-batch-size = 256; allowed is a multiple of workers x batch-size = 3 x 32 = 96,"
                                + " such as 192 or 288");
    }

    @Test
    void scalesTheRateWithTheGlobalBatch() {
        Map<String, String> scaled =
                Map.of("learning-rate.linear-scaling", "true", "workers", "16", "batch-size", "32");
        assertThat(Recipe.parse(GOOD, "good.conf", scaled).learningRate().at(1, 0))
                .isCloseTo(0.2, within(1e-12));
    }

    @Test
    void refusesWhatDoesNotGoTogether() {
        assertThatThrownBy(() -> Recipe.parse(
                        GOOD, "good.conf", Map.of("averaging.engine", "dl4j", "averaging.momentum", "local")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("averaging.engine = dl4j; allowed is native where global-batch-size");
        assertThatThrownBy(() -> Recipe.parse(
                        GOOD,
                        "good.conf",
                        Map.of("averaging.deadline-seconds", "5", "averaging.update-dtype", "float16")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "averaging.deadline-seconds = 5.0; allowed is 0 where workers keep state of their own");
        assertThatThrownBy(() ->
                        Recipe.parse(GOOD, "good.conf", Map.of("initial-model.path", "\"ftp://me:hunter2@host/m\"")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("initial-model.path: 'ftp://...' has a password in it")
                .hasMessageNotContaining("hunter2");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("initial-model.head", "new")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("the path of a model, where its head is replaced");
        assertThatThrownBy(() -> Recipe.parse(GOOD, "good.conf", Map.of("averaging.outer-optimizer.kind", "nesterov")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("the key 'averaging.outer-optimizer.learning-rate' is missing");
    }

    @Test
    void defaultsAreThoseOfThePaper() {
        Recipe recipe = Recipe.parse(GOOD, "good.conf", Map.of());
        assertThat(recipe.optimizer()).isEqualTo(new OptimizerRecipe(0.9, false, 1e-4, true, 0, 0));
        assertThat(recipe.averaging())
                .isEqualTo(new AveragingRecipe(
                        AveragingRecipe.Engine.NATIVE,
                        new AveragingPeriod.Constant(8),
                        AveragingRecipe.MomentumRule.AVERAGED,
                        Dtype.FLOAT32,
                        1,
                        false,
                        new OuterOptimizer.None(),
                        0,
                        1));
    }
}
