package io.resnetspark.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;

/** A whole run on a small corpus, which the tests of a class share. */
abstract class TrainedRun extends ThreeColours {
    static Training.Result result;

    @BeforeAll
    static void prepare() throws IOException {
        prepare(40, 20, 36, 1 << 20);
    }

    static Training.Result train() throws Exception {
        return training("run", Map.of("data.evaluation-protocols", "[ten-crop]"))
                .run();
    }

    static Training training(String run, Map<String, String> overrides) throws IOException {
        return training(run, data, overrides);
    }

    static Training training(String run, Dataset.Opened data, Map<String, String> overrides) throws IOException {
        RunOptions options = RunOptions.begin(hadoop(folder.resolve(run)));
        return new Training(TrainingSetup.of(spark, recipe(overrides), data), options, Progress.silent());
    }

    static Recipe recipe(Map<String, String> overrides) {
        return SmallRecipe.with(Map.of("epochs", "4"), overrides);
    }

    static ModelArtifact open(org.apache.hadoop.fs.Path path) throws IOException {
        return ModelArtifact.open(path, spark.hadoopConfiguration());
    }

    static Dataset.Opened like(
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

    static JsonNode json(String line) {
        try {
            return Json.COMPACT.readTree(line);
        } catch (IOException broken) {
            throw new IllegalStateException(line, broken);
        }
    }
}
