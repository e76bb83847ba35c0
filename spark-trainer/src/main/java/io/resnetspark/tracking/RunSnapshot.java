package io.resnetspark.tracking;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ArtifactFiles;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.MetricScalars;
import io.resnetspark.train.report.MetricsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What the directory of a run says at one time.
 *
 * @param run its path, qualified
 * @param recipe by dotted key; empty before the first checkpoint
 * @param lines those with numbers, in order; empty before the first round
 * @param artifact where the model of a complete run lies; otherwise the run
 * @param model of a complete run
 */
record RunSnapshot(
        Path run,
        Map<String, String> recipe,
        List<MetricScalars> lines,
        Path artifact,
        Optional<ModelDescription> model) {

    /** @throws BadInputException if there is no run */
    static RunSnapshot of(Path path, Configuration conf) throws IOException {
        // Made of a text, a path has no slash at its end, whatever it was made of before.
        Path place = new Path(path.getFileSystem(conf).makeQualified(path).toString());
        Path run = place.getName().equals("model") ? place.getParent() : place;
        Path newest = RunFolder.of(run).withMetrics(conf);
        List<MetricScalars> lines = new ArrayList<>();
        MetricsFile.read(newest, conf, line -> {
            MetricScalars scalars = MetricScalars.of(line);
            if (!scalars.values().isEmpty()) {
                lines.add(scalars);
            }
        });
        Optional<ModelDescription> model = newest.getFileSystem(conf).exists(new Path(newest, Manifest.FILE))
                ? Optional.of(ModelArtifact.describe(newest, conf))
                : Optional.empty();
        String recipe = model.isPresent()
                ? Utf8.read(new Path(newest, ArtifactFiles.RECIPE), conf)
                : RunFolder.of(run).recipe(conf).orElse("");
        boolean given = !Hocon.parse(recipe, ArtifactFiles.RECIPE).isEmpty(); // imported weights have a remark
        return new RunSnapshot(run, given ? Recipe.values(recipe) : Map.of(), lines, newest, model);
    }

    String name() {
        return run.getName();
    }

    /** The same for a run and for what resumes it; another one for a new run in the same place. */
    String identity() {
        return UUID.nameUUIDFromBytes((run + "\n" + lines.get(0).unixSeconds()).getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    MetricScalars last() {
        return lines.get(lines.size() - 1);
    }
}
