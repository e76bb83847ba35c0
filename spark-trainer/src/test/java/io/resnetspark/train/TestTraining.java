package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.data.Corpora;
import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Crop;
import io.resnetspark.data.image.Image;
import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.image.Protocol;
import io.resnetspark.data.image.Views;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.PictureClassifier;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import scala.collection.JavaConverters;

/** A whole run on a small corpus, and what becomes of its model. */
@Tag("slow")
class TestTraining {
    private static final String RECIPE = """
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
            epochs = 4
            momentum = 0.9
            weight-decay = 1e-4
            learning-rate { kind = cosine, initial = 0.01, warm-up-epochs = 0.5 }
            """;

    private static final Counters COUNTERS = new Counters();

    @TempDir
    static Path folder;

    private static JavaSparkContext spark;
    private static Path corpus;
    private static Dataset.Opened data;
    private static Training.Result result;

    @BeforeAll
    static void train() throws Exception {
        spark = Corpora.spark("local[2]");
        corpus = Corpora.folders(folder.resolve("corpus"), 40, 20, 36);
        data = Corpora.prepare(spark, corpus, folder.resolve("data").toUri().toString(), 1 << 20);
        spark.sc().addSparkListener(COUNTERS);
        result = training("run", Map.of("data.evaluation-protocols", "[ten-crop]"))
                .run();
        for (int i = 0; i < 100 && !"480".equals(COUNTERS.last.get("images trained on")); i++) {
            Thread.sleep(50); // listeners hear of it later
        }
        spark.sc().removeSparkListener(COUNTERS); // other runs count for themselves
    }

    /** What Spark's pages would show, by name. */
    private static final class Counters extends SparkListener {
        private final Map<String, String> last = new ConcurrentHashMap<>();

        @Override
        public void onStageCompleted(SparkListenerStageCompleted completed) {
            for (AccumulableInfo counter : JavaConverters.asJavaIterable(
                    completed.stageInfo().accumulables().values())) {
                if (counter.name().isDefined() && counter.value().isDefined()) {
                    last.put(counter.name().get(), counter.value().get().toString());
                }
            }
        }
    }

    @Test
    void sparksPagesCountWhatWorkersDo() {
        assertThat(COUNTERS.last).containsEntry("images trained on", "480");
        assertThat(Double.parseDouble(COUNTERS.last.get("seconds of computing")))
                .isPositive();
        assertThat(COUNTERS.last).containsKey("seconds of reading");
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private static Training training(String run) throws IOException {
        return training(run, Map.of());
    }

    private static Training training(String run, Map<String, String> overrides) throws IOException {
        return training(run, data, overrides);
    }

    private static Training training(String run, Dataset.Opened data, Map<String, String> overrides)
            throws IOException {
        Recipe recipe = Recipe.parse(RECIPE, "test", overrides);
        return new Training(spark, recipe, data, hadoop(folder.resolve(run)), Progress.silent());
    }

    private static ModelArtifact open(org.apache.hadoop.fs.Path path) throws IOException {
        return ModelArtifact.open(path, spark.hadoopConfiguration());
    }

    @Test
    void learnsWhatIsEasy() {
        assertThat(result.evaluation().count()).isEqualTo(60);
        assertThat(result.evaluation().top1Error()).isLessThan(0.2);
        assertThat(result.evaluation().top5Error()).isZero();
    }

    @Test
    void modelJudgesAsTrainingDid() throws IOException {
        ModelArtifact artifact = open(result.model());
        EvaluationResult again = new Evaluation(spark, data, Split.VAL, Protocol.ONE_CROP)
                .execute(artifact.blueprint(1), artifact.parameters(), artifact.preprocessing(), Progress.silent());
        assertThat(again.correct()).isEqualTo(result.evaluation().correct());
        assertThat(again.crossEntropy()).isCloseTo(result.evaluation().crossEntropy(), within(1e-6));
    }

    @Test
    void classifierJudgesAsEvaluationDoes() throws Exception {
        PictureClassifier classifier = new PictureClassifier(open(result.model()));
        int correct = 0;
        for (String label : data.dataset().classes()) {
            for (int i = 40; i < 60; i++) {
                Path file = corpus.resolve("val").resolve(label).resolve(i + ".png");
                List<PictureClassifier.Guess> guesses = classifier.classify(Files.readAllBytes(file), 2);
                assertThat(guesses).hasSize(2);
                assertThat(guesses.get(0).probability())
                        .isGreaterThanOrEqualTo(guesses.get(1).probability());
                correct += guesses.get(0).label().equals(label) ? 1 : 0;
            }
        }
        assertThat(correct).isEqualTo((int) result.evaluation().correct());
    }

    /** Beside the mean over pictures that are cut out before, which the classifier sees as they are. */
    @Test
    void tenCropsAreTheMeanOfTenViews() throws Exception {
        ModelArtifact artifact = open(result.model());
        Preprocessing wider = Preprocessing.withoutNoise(
                new Crop.Centre(36, 32), artifact.preprocessing().mean());
        EvaluationResult tenCrop = new Evaluation(spark, data, Split.VAL, Protocol.TEN_CROP)
                .execute(artifact.blueprint(1), artifact.parameters(), wider, Progress.silent());
        PictureClassifier classifier = new PictureClassifier(artifact);
        double crossEntropy = 0;
        for (String label : data.dataset().classes()) {
            for (int i = 40; i < 60; i++) {
                Path file = corpus.resolve("val").resolve(label).resolve(i + ".png");
                double probability = 0;
                for (Image view : new Views.TenCrop(36, 32).of(Codec.decode(Files.readAllBytes(file)))) {
                    probability += classifier.classify(Codec.png(view), 3).stream()
                            .filter(guess -> guess.label().equals(label))
                            .mapToDouble(PictureClassifier.Guess::probability)
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
    void severalProtocolsLookAtEachPictureOnce() throws Exception {
        ModelArtifact artifact = open(result.model());
        Preprocessing wider = Preprocessing.withoutNoise(
                new Crop.Centre(36, 32), artifact.preprocessing().mean());
        List<EvaluationResult> apart = Stream.of(Protocol.TEN_CROP, Protocol.ONE_CROP)
                .map(protocol -> new Evaluation(spark, data, Split.VAL, protocol)
                        .execute(artifact.blueprint(1), artifact.parameters(), wider, Progress.silent()))
                .toList();
        List<EvaluationResult> together = new Evaluation(spark, data, Split.VAL, Protocol.TEN_CROP, Protocol.ONE_CROP)
                .executeAll(artifact.blueprint(1), artifact.parameters(), wider, Progress.silent());
        assertThat(together)
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("imagesPerSecond")
                .isEqualTo(apart);
        assertThat(together.get(0).crossEntropy()).isNotEqualTo(together.get(1).crossEntropy());
    }

    /** Its shard cannot even be read; and a rate that follows a plateau would show what else is evaluated. */
    @Test
    void theTestSplitIsNotLookedAt() throws Exception {
        Map<String, List<Dataset.Shard>> splits = new HashMap<>(data.dataset().splits());
        splits.put("test", List.of(new Dataset.Shard("test/nowhere.parquet", 50, new FileDigest(1, "0"))));
        Map<String, String> plateau = Map.of(
                "epochs",
                "2",
                "learning-rate",
                "{ kind = plateau, initial = 0.01, patience = 0, improvement = 1, warm-up-epochs = 0 }");
        Dataset.Opened tested = with(splits, data.dataset().images());
        Training.Result without = training("untested", data, plateau).run();
        Training.Result with = training("tested", tested, plateau).run();
        assertThat(Path.of(with.model().toUri()).resolve("weights.safetensors"))
                .hasSameBinaryContentAs(Path.of(without.model().toUri()).resolve("weights.safetensors"));
        assertThat(with.evaluation().count()).isEqualTo(60);
        assertThatThrownBy(() -> new Evaluation(spark, data, Split.TEST, Protocol.ONE_CROP))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has no pictures in its split test; it has train (120), val (60)");
    }

    @Test
    void whoEvaluatesMustHaveSomethingToEvaluateOn() throws Exception {
        Map<String, List<Dataset.Shard>> nothing =
                Map.of("train", data.dataset().shards(Split.TRAIN));
        Dataset.Opened blind = with(nothing, Map.of("train", List.of(40L, 40L, 40L)));
        assertThatThrownBy(() -> training("blind", blind, Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("no pictures in its split val")
                .hasMessageContaining("--set data.validation=none");
        Dataset.Opened partly =
                with(data.dataset().splits(), Map.of("train", List.of(40L, 40L, 40L), "val", List.of(30L, 0L, 30L)));
        assertThatThrownBy(() -> training("partly", partly, Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("1 of 3 classes: green.")
                .hasMessageContaining("--set data.validation=some-classes");
        assertThat(folder.resolve("blind")).doesNotExist();
        training("partly", partly, Map.of("data.validation", "some-classes"));

        Training.Result unseen = training("blind", blind, Map.of("data.validation", "none", "epochs", "1"))
                .run();
        assertThat(unseen.evaluation()).isNull();
        assertThat(open(unseen.model()).description().results()).isEmpty();
    }

    /** The same shards, of which dataset.json says something else. */
    private static Dataset.Opened with(Map<String, List<Dataset.Shard>> splits, Map<String, List<Long>> images) {
        return like(data.dataset().classes(), splits, images);
    }

    private static Dataset.Opened like(
            List<String> classes, Map<String, List<Dataset.Shard>> splits, Map<String, List<Long>> images) {
        Dataset old = data.dataset();
        Dataset changed = new Dataset(
                old.format(),
                old.source(),
                old.created(),
                old.side(),
                classes,
                splits,
                images,
                old.statistics(),
                old.shorterSides(),
                old.quarantined(),
                old.settings(),
                old.runs(),
                old.meanImageFile(),
                old.meanImage(),
                old.version(),
                old.change(),
                old.history());
        return new Dataset.Opened(data.path(), changed, "another");
    }

    @Test
    void dl4jsEngineLearnsByTheSameRecipe() throws IOException {
        Training.Result dl4j =
                training("dl4j", Map.of("averaging.engine", "dl4j")).run();
        assertThat(dl4j.evaluation().top1Error()).isLessThan(0.2);
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

    /** As when a class came and another went: what is known of the rest stays, in their new places. */
    @Test
    void takesOverWhatAModelKnowsOfClassesOfTheSameNames() throws Exception {
        ModelArtifact model = open(result.model()); // of blue, green, red
        Dataset.Opened changed = like(
                List.of("amber", "blue", "red"),
                data.dataset().splits(),
                data.dataset().images());
        Recipe recipe = Recipe.parse(
                RECIPE,
                "test",
                Map.of("initial-model.path", '"' + result.model().toString() + '"', "initial-model.head", "by-class"));
        Setup setup = Setup.of(spark, recipe, changed);
        INDArray random = setup.graph().getParam("fc_W").dup();
        new StartingPoint(recipe, changed.dataset().classes(), setup.graph())
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
        Recipe kept = Recipe.parse(
                RECIPE,
                "test",
                Map.of("initial-model.path", '"' + result.model().toString() + '"'));
        assertThatThrownBy(() -> new StartingPoint(kept, changed.dataset().classes(), setup.graph())
                        .state(setup.plan().work(0), spark.hadoopConfiguration()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("initial-model.head = by-class");
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
                .isEqualTo("ours");
        assertThat(Recipe.parse(Files.readString(local.resolve("recipe.conf")), "artifact", Map.of())
                        .seed())
                .isEqualTo(3);
    }

    @Test
    void metricsTellEveryRound() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(result.model().toUri()).resolve("metrics.jsonl"));
        List<JsonNode> rounds = lines.stream()
                .map(TestTraining::json)
                .filter(line -> line.path("kind").asText().equals("round"))
                .toList();
        // 120 pictures on two workers: 60 each, rounds of 24, 24 and 12.
        assertThat(rounds).hasSize(12);
        assertThat(rounds.stream()
                        .mapToLong(line -> line.path("images").asLong())
                        .sum())
                .isEqualTo(480);
        assertThat(rounds.get(11).path("loss").asDouble())
                .isLessThan(rounds.get(0).path("loss").asDouble());
        assertThat(lines.stream()
                        .map(TestTraining::json)
                        .filter(line -> line.path("kind").asText().equals("evaluation")))
                .hasSize(4);
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
    void saysHowMuchMemoryABatchWouldTake() {
        Recipe recipe = Recipe.parse(RECIPE, "test", Map.of("batch", "100000", "network", "resnet1202"));
        assertThatThrownBy(() -> new Training(spark, recipe, data, hadoop(folder.resolve("large")), Progress.silent()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("resnet1202 with a batch of 100,000 needs some")
                .hasMessageContaining("MiB are free.");
    }

    @Test
    void refusesToOverwriteARun() {
        assertThatThrownBy(() -> training("run"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("exists, and nothing is overwritten");
    }

    private static JsonNode json(String line) {
        try {
            return Json.COMPACT.readTree(line);
        } catch (IOException broken) {
            throw new IllegalStateException(line, broken);
        }
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }
}
