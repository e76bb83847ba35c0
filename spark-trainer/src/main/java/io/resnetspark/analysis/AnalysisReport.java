package io.resnetspark.analysis;

import io.resnetspark.report.Page;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What an analysis found, for its file and its page.
 *
 * @param analysis responses, lesion or gradients
 * @param dataset its path
 * @param datasetDigest SHA-256 of its description
 * @param split that the images are of
 * @param images in the sample
 * @param models of each model, in the order in which they were named
 */
public record AnalysisReport<M>(
        String analysis, String dataset, String datasetDigest, String split, int images, List<M> models) {
    static <M> AnalysisReport<M> of(String analysis, Sample sample, List<M> models) {
        return new AnalysisReport<>(
                analysis,
                sample.data().path().toString(),
                sample.data().digest(),
                sample.split().folder(),
                sample.images(),
                models);
    }

    private static Path file(Path folder, String analysis, String ending) {
        return new Path(folder, analysis + ending);
    }

    /** @throws BadInputException if a folder has this analysis already */
    public static void refuseExisting(Path folder, String analysis, Configuration conf) throws IOException {
        for (String ending : List.of(".json", ".html")) {
            Path file = file(folder, analysis, ending);
            if (AtomicDirectory.fileSystem(file, conf).exists(file)) {
                throw new BadInputException(file + " exists, and nothing is overwritten. Name another folder.");
            }
        }
    }

    /** Writes ANALYSIS.json and ANALYSIS.html. */
    public void write(Path folder, Configuration conf) throws IOException {
        write(file(folder, analysis, ".json"), Json.PRETTY.writeValueAsBytes(this), conf);
        write(file(folder, analysis, ".html"), html().getBytes(StandardCharsets.UTF_8), conf);
    }

    private static void write(Path file, byte[] bytes, Configuration conf) throws IOException {
        try (OutputStream out = AtomicDirectory.fileSystem(file, conf).create(file, false)) {
            out.write(bytes);
        }
    }

    String html() {
        String title = switch (analysis) {
            case "responses" -> "Layer responses";
            case "lesion" -> "Lesions";
            default -> "Gradients";
        };
        try (InputStream in = AnalysisReport.class.getResourceAsStream("analysis.js")) {
            return Page.html(title, new String(in.readAllBytes(), StandardCharsets.UTF_8), this);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
