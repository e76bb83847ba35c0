package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Crop;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.TestTimeCrops;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What becomes of the model of a run: it is evaluated, classifies, and others begin from it. */
@Tag("slow")
class TestTrainedModel extends TrainedRun {
    @BeforeAll
    static void run() throws Exception {
        result = train();
    }

    @Test
    void modelSaysWhereItComesFrom() throws IOException {
        ModelArtifact artifact = open(result.model());
        assertThat(artifact.description().network()).isEqualTo("resnet20");
        assertThat(artifact.description().provenance().datasetDigest()).isEqualTo(data.digest());
        assertThat(artifact.description().provenance().workers()).isEqualTo(2);
        assertThat(artifact.description().result()).contains(result.evaluation());
        assertThat(artifact.description().results()).containsOnlyKeys("one-crop", "ten-crop");
        Path local = Path.of(result.model().toUri());
        JsonNode manifest = json(Files.readString(local.resolve("manifest.json")));
        assertThat(manifest.at("/recipe/learning-rate/initial").asDouble()).isEqualTo(0.01);
        assertThat(manifest.at("/recipe/averaging/engine").asText())
                .as("what is usual too")
                .isEqualTo("native");
        assertThat(Recipe.parse(Files.readString(local.resolve("recipe.conf")), "artifact", Map.of())
                        .seed())
                .isEqualTo(3);
    }

    @Test
    void refusesADamagedModel() throws IOException {
        Path copy = folder.resolve("copy");
        Files.createDirectories(copy);
        try (var files = Files.list(Path.of(result.model().toUri()))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        byte[] weights = Files.readAllBytes(copy.resolve("weights.safetensors"));
        weights[weights.length / 2] ^= 1;
        Files.write(copy.resolve("weights.safetensors"), weights);
        assertThatThrownBy(() -> open(hadoop(copy)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("weights.safetensors has")
                .hasMessageContaining("the manifest says");
    }

    @Test
    void modelJudgesAsTrainingDid() throws IOException {
        ModelArtifact artifact = open(result.model());
        EvaluationResult again = new Evaluation(spark, data, Split.VAL, EvaluationProtocol.ONE_CROP)
                .execute(
                        artifact.networkFactory(1), artifact.parameters(), artifact.preprocessing(), Progress.silent());
        assertThat(again.correct()).isEqualTo(result.evaluation().correct());
        assertThat(again.crossEntropy()).isCloseTo(result.evaluation().crossEntropy(), within(1e-6));
    }

    @Test
    void classifierJudgesAsEvaluationDoes() throws Exception {
        ImageClassifier classifier = new ImageClassifier(open(result.model()));
        int correct = 0;
        for (String label : data.dataset().classes()) {
            for (int i = 40; i < 60; i++) {
                Path file = corpus.resolve("val").resolve(label).resolve(i + ".png");
                List<ImageClassifier.Prediction> predictions = classifier.classify(Files.readAllBytes(file), 2);
                assertThat(predictions).hasSize(2);
                assertThat(predictions.get(0).probability())
                        .isGreaterThanOrEqualTo(predictions.get(1).probability());
                correct += predictions.get(0).label().equals(label) ? 1 : 0;
            }
        }
        assertThat(correct).isEqualTo((int) result.evaluation().correct());
    }

    /** Beside the mean over images that are cut out before, which the classifier sees as they are. */
    @Test
    void tenCropsAreTheMeanOfTenViews() throws Exception {
        ModelArtifact artifact = open(result.model());
        Preprocessing wider = Preprocessing.withoutLighting(
                new Crop.CenterCrop(36, 32), artifact.preprocessing().normalization());
        EvaluationResult tenCrop = new Evaluation(spark, data, Split.VAL, EvaluationProtocol.TEN_CROP)
                .execute(artifact.networkFactory(1), artifact.parameters(), wider, Progress.silent());
        ImageClassifier classifier = new ImageClassifier(artifact);
        double crossEntropy = 0;
        for (String label : data.dataset().classes()) {
            for (int i = 40; i < 60; i++) {
                Path file = corpus.resolve("val").resolve(label).resolve(i + ".png");
                double probability = 0;
                for (RgbImage view :
                        new TestTimeCrops.TenCrop(36, 32).apply(ImageCodec.decode(Files.readAllBytes(file)))) {
                    probability += classifier.classify(ImageCodec.png(view), 3).stream()
                            .filter(guess -> guess.label().equals(label))
                            .mapToDouble(ImageClassifier.Prediction::probability)
                            .sum();
                }
                crossEntropy -= Math.log(probability / 10);
            }
        }
        assertThat(tenCrop.count()).isEqualTo(60);
        assertThat(tenCrop.protocol()).isEqualTo("ten-crop");
        assertThat(tenCrop.crossEntropy()).isCloseTo(crossEntropy / 60, within(1e-4));
    }

    /** In one pass, to the bits of one pass for each. */
    @Test
    void severalProtocolsLookAtEachImageOnce() throws Exception {
        ModelArtifact artifact = open(result.model());
        Preprocessing wider = Preprocessing.withoutLighting(
                new Crop.CenterCrop(36, 32), artifact.preprocessing().normalization());
        List<EvaluationResult> apart = new ArrayList<>();
        for (EvaluationProtocol protocol : List.of(EvaluationProtocol.TEN_CROP, EvaluationProtocol.ONE_CROP)) {
            apart.add(new Evaluation(spark, data, Split.VAL, protocol)
                    .execute(artifact.networkFactory(1), artifact.parameters(), wider, Progress.silent()));
        }
        List<EvaluationResult> together = new Evaluation(
                        spark, data, Split.VAL, EvaluationProtocol.TEN_CROP, EvaluationProtocol.ONE_CROP)
                .executeAll(artifact.networkFactory(1), artifact.parameters(), wider, Progress.silent());
        assertThat(together)
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("imagesPerSecond")
                .isEqualTo(apart);
        assertThat(together.get(0).crossEntropy()).isNotEqualTo(together.get(1).crossEntropy());
    }

    /** Transfer learning: what is frozen stays, the classifier is another, the rest goes on from where it was. */
    @Test
    void beginsFromAModel() throws IOException {
        String model = result.model().toString();
        Training.Result again = training(
                        "transferred",
                        Map.of(
                                "initial-model.path",
                                '"' + model + '"',
                                "initial-model.head",
                                "new",
                                "initial-model.freeze",
                                "[conv1, layer1]",
                                "epochs",
                                "1"))
                .run();
        var after = open(again.model()).graph();
        open(result.model()).graph().paramTable().forEach((name, values) -> {
            boolean statistic = name.endsWith("_mean") || name.endsWith("_var");
            boolean frozen = name.matches("conv1_.*|layer1\\..*") && !statistic;
            assertThat(after.getParam(name).equals(values)).as(name).isEqualTo(frozen);
        });
        assertThatThrownBy(
                        () -> training("other", Map.of("network", "resnet32", "initial-model.path", '"' + model + '"')))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("is a resnet20; the recipe's network is resnet32");
        assertThatThrownBy(() -> training(
                        "frozen", Map.of("initial-model.path", '"' + model + '"', "initial-model.freeze", "[stem]")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("resnet20 has no part 'stem' to be frozen");
    }

    /** As imported weights are; else the first layer would get values about 60 times as large as it learned from. */
    @Test
    void beginsFromAModelOnlyWhereBothDivideByAStandardDeviationOrNeither() throws Exception {
        Normalization imagenet =
                Normalization.perChannel(new float[] {124, 116, 104}).withStd(new float[] {58, 57, 57});
        String imported = Models.write(
                        hadoop(folder.resolve("imported")),
                        "resnet20",
                        data.dataset().classes(),
                        imagenet,
                        spark.hadoopConfiguration())
                .path()
                .toString();
        assertThatThrownBy(() -> training("unscaled", Map.of("initial-model.path", '"' + imported + '"')))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        imported + " divides images by the standard deviation [58.0, 57.0, 57.0]; the recipe does not")
                .hasMessageEndingWith("Set data.std = per-channel.");
        Map<String, String> perChannel = Map.of("data.std", "per-channel", "epochs", "1");
        Map<String, String> like = new HashMap<>(perChannel);
        like.put("initial-model.path", '"' + imported + '"');
        Training.Result scaled = training("scaled", like).run();
        double[] std = data.dataset().statistics().std();
        assertThat(open(scaled.model()).preprocessing().normalization().std())
                .containsExactly(new float[] {(float) std[0], (float) std[1], (float) std[2]});
        like.put("initial-model.path", '"' + result.model().toString() + '"');
        assertThatThrownBy(() -> training("too-small", like))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("does not divide images by a standard deviation; the recipe does")
                .hasMessageEndingWith("Set data.std = none.");
    }

    /** As when a class came and another went: what is known of the rest stays, in their new places. */
    @Test
    void takesOverWhatAModelKnowsOfClassesOfTheSameNames() throws Exception {
        ModelArtifact model = open(result.model()); // of blue, green, red
        Dataset.Opened changed = like(
                List.of("amber", "blue", "red"),
                data.dataset().splits(),
                data.dataset().images());
        Recipe recipe = recipe(
                Map.of("initial-model.path", '"' + result.model().toString() + '"', "initial-model.head", "by-class"));
        TrainingSetup setup = TrainingSetup.of(spark, recipe, changed);
        INDArray random = setup.graph().getParam("fc_W").dup();
        new InitialState(recipe, changed.dataset().classes(), setup.graph())
                .state(setup.plan().work(0), spark.hadoopConfiguration());
        INDArray before = model.graph().getParam("fc_W"); // features x classes
        INDArray after = setup.graph().getParam("fc_W");
        assertThat(after.getColumn(1)).as("blue").isEqualTo(before.getColumn(0));
        assertThat(after.getColumn(2)).as("red").isEqualTo(before.getColumn(2));
        float[] bias = model.graph().getParam("fc_b").toFloatVector();
        assertThat(setup.graph().getParam("fc_b").toFloatVector()).containsExactly(0, bias[0], bias[2]);
        assertThat(setup.graph().getParam("fc_W").getColumn(0)).as("amber").isEqualTo(random.getColumn(0));
        assertThat(setup.graph().getParam("layer3.2.conv2_W"))
                .isEqualTo(model.graph().getParam("layer3.2.conv2_W"));
        Recipe kept = recipe(Map.of("initial-model.path", '"' + result.model().toString() + '"'));
        assertThatThrownBy(() -> new InitialState(kept, changed.dataset().classes(), setup.graph())
                        .state(setup.plan().work(0), spark.hadoopConfiguration()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("initial-model.head = by-class");
    }
}
