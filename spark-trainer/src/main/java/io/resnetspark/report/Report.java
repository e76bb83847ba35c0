package io.resnetspark.report;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.train.evaluate.EvaluationReport;
import io.resnetspark.train.evaluate.ScoreLine;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What a page shows.
 *
 * @param title of the page
 * @param runs in the order in which they were named
 * @param differences of the runs' recipes
 * @param evaluations of models
 * @param examples images on which models fail or are uncertain
 */
public record Report(
        String title,
        List<RunSummary> runs,
        List<Difference> differences,
        List<EvaluationSummary> evaluations,
        List<ExampleImages> examples) {
    /**
     * A key of which not all recipes have the same value.
     *
     * @param values by run
     */
    record Difference(String key, List<String> values) {}

    /**
     * Reads runs.
     *
     * @param paths run directories or artifacts
     * @throws io.resnetspark.storage.BadInputException if one of them has no metrics
     */
    public static Report of(List<Path> paths, Configuration conf) throws IOException {
        List<RunSummary> runs = new ArrayList<>();
        for (Path path : paths) {
            runs.add(RunSummary.of(path.getFileSystem(conf).makeQualified(path), conf));
        }
        String title = switch (runs.size()) {
            case 0 -> "Evaluation";
            case 1 -> runs.get(0).name();
            default -> runs.size() + " runs compared";
        };
        List<Difference> differences = differences(runs.stream()
                .map(run -> run.recipe().isEmpty() ? Map.<String, String>of() : Recipe.values(run.recipe()))
                .toList());
        return new Report(title, runs, differences, List.of(), List.of());
    }

    /** With evaluations of models too, each by one protocol. */
    public Report with(List<EvaluationReport> reports) {
        return new Report(
                title,
                runs,
                differences,
                reports.stream().map(EvaluationSummary::of).toList(),
                examples);
    }

    /**
     * With the images on which models fail or are uncertain.
     *
     * @param scores of all images, by one or several models and protocols
     */
    public Report with(List<ScoreLine> scores, Dataset.Opened data, Configuration conf) throws IOException {
        return new Report(
                title, runs, differences, evaluations, ExampleImages.of(scores, new DatasetThumbnails(data, conf)));
    }

    private static List<Difference> differences(List<Map<String, String>> recipes) {
        TreeSet<String> keys = new TreeSet<>();
        recipes.forEach(recipe -> keys.addAll(recipe.keySet()));
        return keys.stream()
                .map(key -> new Difference(
                        key,
                        recipes.stream()
                                .map(recipe -> recipe.getOrDefault(key, "not there"))
                                .toList()))
                .filter(difference -> difference.values().stream().distinct().count() > 1)
                .toList();
    }

    /** One HTML page that needs nothing else: no network, no other file. */
    public String html() {
        return Page.html(title, Page.resource("report.js"), this);
    }

    /** Writes the page, over one that is there. */
    public void write(Path file, Configuration conf) throws IOException {
        try (OutputStream out = AtomicDirectory.fileSystem(file, conf).create(file, true)) {
            out.write(html().getBytes(StandardCharsets.UTF_8));
        }
    }
}
