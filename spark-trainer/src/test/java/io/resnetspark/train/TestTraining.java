package io.resnetspark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

/** A whole run: what it learns, tells and refuses. */
@Tag("slow")
class TestTraining extends TrainedRun {
    private static final Counters COUNTERS = new Counters();

    @BeforeAll
    static void runWithCounters() throws Exception {
        spark.sc().addSparkListener(COUNTERS);
        result = train();
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

    @Test
    void learnsWhatIsEasy() {
        assertThat(result.evaluation().count()).isEqualTo(60);
        assertThat(result.evaluation().top1Error()).isLessThan(0.2);
        assertThat(result.evaluation().top5Error()).isZero();
    }

    @Test
    void metricsTellEveryRound() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(result.model().toUri()).resolve("metrics.jsonl"));
        List<JsonNode> rounds = lines.stream()
                .map(TrainedRun::json)
                .filter(line -> line.path("kind").asText().equals("round"))
                .toList();
        // 120 images on two workers: 60 each, rounds of 24, 24 and 12.
        assertThat(rounds).hasSize(12);
        assertThat(rounds.stream()
                        .mapToLong(line -> line.path("images").asLong())
                        .sum())
                .isEqualTo(480);
        assertThat(rounds.get(11).path("loss").asDouble())
                .isLessThan(rounds.get(0).path("loss").asDouble());
        assertThat(lines.stream()
                        .map(TrainedRun::json)
                        .filter(line -> line.path("kind").asText().equals("evaluation")))
                .hasSize(4);
    }

    @Test
    void dl4jsEngineLearnsByTheSameRecipe() throws IOException {
        Training.Result dl4j =
                training("dl4j", Map.of("averaging.engine", "dl4j")).run();
        assertThat(dl4j.evaluation().top1Error()).isLessThan(0.2);
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
                "{ kind = plateau, initial = 0.01, patience = 0, threshold = 1, warm-up-epochs = 0 }");
        Dataset.Opened tested = with(splits, data.dataset().images());
        Training.Result without = training("untested", data, plateau).run();
        Training.Result with = training("tested", tested, plateau).run();
        assertThat(Path.of(with.model().toUri()).resolve("weights.safetensors"))
                .hasSameBinaryContentAs(Path.of(without.model().toUri()).resolve("weights.safetensors"));
        assertThat(with.evaluation().count()).isEqualTo(60);
        assertThatThrownBy(() -> new Evaluation(spark, data, Split.TEST, EvaluationProtocol.ONE_CROP))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has no images in its split test; it has train (120), val (60)");
    }

    @Test
    void whoEvaluatesMustHaveSomethingToEvaluateOn() throws Exception {
        Map<String, List<Dataset.Shard>> nothing =
                Map.of("train", data.dataset().shards(Split.TRAIN));
        Dataset.Opened blind = with(nothing, Map.of("train", List.of(40L, 40L, 40L)));
        assertThatThrownBy(() -> training("blind", blind, Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("no images in its split val")
                .extracting("remedies", LIST)
                .contains(Remedy.of(Remedy.Kind.SET_KEY, "data.validation-coverage", "none"));
        Dataset.Opened partly =
                with(data.dataset().splits(), Map.of("train", List.of(40L, 40L, 40L), "val", List.of(30L, 0L, 30L)));
        assertThatThrownBy(() -> training("partly", partly, Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("1 of 3 classes: green.")
                .extracting("remedies", LIST)
                .contains(Remedy.of(Remedy.Kind.SET_KEY, "data.validation-coverage", "some-classes"));
        assertThat(folder.resolve("blind")).doesNotExist();
        training("partly", partly, Map.of("data.validation-coverage", "some-classes"));

        Training.Result unseen = training("blind", blind, Map.of("data.validation-coverage", "none", "epochs", "1"))
                .run();
        assertThat(unseen.evaluation()).isNull();
        assertThat(open(unseen.model()).description().results()).isEmpty();
    }

    /** The same shards, of which dataset.json says something else. */
    private static Dataset.Opened with(Map<String, List<Dataset.Shard>> splits, Map<String, List<Long>> images) {
        return like(data.dataset().classes(), splits, images);
    }

    @Test
    void saysHowMuchMemoryABatchWouldTake() {
        Recipe recipe = recipe(Map.of("batch-size", "100000", "network", "resnet1202"));
        assertThatThrownBy(() -> TrainingSetup.of(spark, recipe, data))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("resnet1202 with a batch of 100,000 needs some")
                .hasMessageContaining("MiB are free.");
    }

    @Test
    void refusesToOverwriteARun() {
        assertThatThrownBy(() -> training("run", Map.of()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("exists, and nothing is overwritten");
    }
}
