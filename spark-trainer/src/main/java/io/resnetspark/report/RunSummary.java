package io.resnetspark.report;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ArtifactFiles;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.MetricsFile;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What a report says of one run.
 *
 * @param name the last part of its path
 * @param network its name; null if no recipe says it yet
 * @param complete whether it has made its model
 * @param facts what a reader asks first, in order: a name and a value each
 * @param curves by name: {@code loss}, {@code training_error}, {@code learning_rate} and {@code throughput} of rounds,
 *     {@code error} and {@code cross_entropy} of evaluations; errors are shares, 0 to 1; x is the iteration
 * @param seconds where the time of the rounds went
 * @param workers how each worker fared, summed over the run; empty in runs of earlier versions
 * @param results of the final model, by protocol; empty for a run that has not ended
 * @param recipe resolved, in HOCON; empty if it is not known yet
 * @param progress how far it is
 */
public record RunSummary(
        String name,
        String network,
        boolean complete,
        Map<String, String> facts,
        Map<String, Curve> curves,
        Map<String, Double> seconds,
        List<WorkerTime> workers,
        List<EvaluationResult> results,
        String recipe,
        RunProgress progress) {

    /**
     * How one worker fared.
     *
     * @param images that it trained on
     * @param reading seconds for which its network waited for images
     * @param computing seconds of its steps
     * @param waiting seconds for which it waited for the slowest worker
     */
    public record WorkerTime(int worker, long images, double reading, double computing, double waiting) {}

    /**
     * Reads a run, whether it is complete or not.
     *
     * @param path a run directory, or an artifact
     * @throws BadInputException if there are no metrics
     */
    public static RunSummary of(Path path, Configuration conf) throws IOException {
        Path model = RunFolder.of(path).withMetrics(conf);
        MetricsReader read = new MetricsReader();
        MetricsFile.read(model, conf, read::add);
        Optional<ModelDescription> description = model.getFileSystem(conf).exists(new Path(model, Manifest.FILE))
                ? Optional.of(ModelArtifact.describe(model, conf))
                : Optional.empty();
        String recipe = description.isPresent()
                ? given(Utf8.read(new Path(model, ArtifactFiles.RECIPE), conf))
                : RunFolder.of(path).recipe(conf).orElse("");
        String network = description
                .map(ModelDescription::network)
                .orElseGet(() -> recipe.isEmpty() ? null : Recipe.values(recipe).get("network"));
        return new RunSummary(
                name(path),
                network,
                description.isPresent(),
                facts(network, recipe, description, read),
                read.curves(),
                read.seconds(),
                read.workers(),
                description.map(RunSummary::results).orElse(List.of()),
                recipe,
                read.progress(epochs(recipe), description.isPresent()));
    }

    /** That it is to have; null where no recipe says it. */
    private static Integer epochs(String recipe) {
        String epochs = recipe.isEmpty() ? null : Recipe.values(recipe).get("epochs");
        return epochs == null ? null : Integer.valueOf(epochs);
    }

    /** Nothing of imported weights, whose recipe is only a remark. */
    private static String given(String recipe) {
        return Hocon.parse(recipe, ArtifactFiles.RECIPE).isEmpty() ? "" : recipe;
    }

    /** The last part; with the one above it where it is only "model". A URI's path may end with a slash. */
    private static String name(Path path) {
        String text = path.toUri().getPath().replaceAll("/+$", "");
        int last = text.lastIndexOf('/');
        return text.endsWith("/model") ? text.substring(text.lastIndexOf('/', last - 1) + 1) : text.substring(last + 1);
    }

    private static List<EvaluationResult> results(ModelDescription model) {
        return model.results().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(Map.Entry::getValue)
                .toList();
    }

    private static Map<String, String> facts(
            String network, String recipe, Optional<ModelDescription> description, MetricsReader metrics) {
        Map<String, String> facts = new LinkedHashMap<>();
        Map<String, String> values = recipe.isEmpty() ? Map.of() : Recipe.values(recipe);
        if (network != null) {
            facts.put("network", network);
        }
        facts.put("state", description.isPresent() ? "complete" : "under way, or ended before its end");
        facts.put("epochs", metrics.epochs() + (values.containsKey("epochs") ? " of " + values.get("epochs") : ""));
        facts.put("iterations", String.format("%,d", metrics.iterations()));
        facts.put("training time", duration(metrics.totalSeconds()));
        description.ifPresent(model -> {
            Provenance from = model.provenance();
            facts.put("classes", String.format("%,d", model.classes().size()));
            facts.put("dataset", from.dataset());
            facts.put("dataset digest", String.valueOf(from.datasetDigest()));
            facts.put("workers", from.workers() + " of " + from.threadsPerWorker() + " threads");
            facts.put("seed", String.valueOf(from.seed()));
            facts.put("finished", from.created());
            facts.put("version", from.version());
            facts.put("machine", from.platform());
            facts.put("computed with", from.backend() == null ? "not recorded" : from.backend());
        });
        return facts;
    }

    private static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60
                ? whole + " s"
                : whole < 3600
                        ? whole / 60 + " min " + whole % 60 + " s"
                        : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }
}
