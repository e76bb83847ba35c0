package io.resnetspark.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.UserFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads metrics.jsonl of runs, complete or not. */
public final class MetricsFile {
    private MetricsFile() {}

    /**
     * Gives each line that is whole, in order. A run that is under way may be writing its last one.
     *
     * @param directory of a run or a model
     * @throws BadInputException if there are no metrics
     */
    public static void read(Path directory, Configuration conf, Consumer<JsonNode> each) throws IOException {
        Path metrics = new Path(directory, "metrics.jsonl");
        if (!directory.getFileSystem(conf).exists(metrics)) {
            throw new BadInputException("There is no run at " + directory
                    + ": it has no metrics.jsonl. Wanted: the directory of a training run, or a model.");
        }
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(UserFiles.open(metrics, conf), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode parsed = parse(line);
                if (parsed.isObject()) {
                    each.accept(parsed);
                }
            }
        }
    }

    private static JsonNode parse(String line) {
        try {
            return Json.COMPACT.readTree(line);
        } catch (JsonProcessingException unfinished) {
            return Json.COMPACT.missingNode();
        }
    }
}
