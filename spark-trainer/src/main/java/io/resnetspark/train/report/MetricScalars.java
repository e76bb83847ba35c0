package io.resnetspark.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The numbers of a line of metrics under the names that TensorBoard and MLflow show.
 *
 * @param iteration steps of each worker since the start
 * @param unixSeconds time of day, in seconds since 1970
 * @param values by name, such as {@code train/loss}; none for kinds of lines that have no numbers
 */
public record MetricScalars(long iteration, double unixSeconds, Map<String, Double> values) {
    /** What the names of an evaluation's values begin with. */
    public static final String EVALUATION = "evaluation/";

    private static final Map<String, String> OF_ROUND = Map.of(
            "loss", "train/loss",
            "training_error", "train/error",
            "learning_rate", "train/learning_rate",
            "images_per_second", "train/images_per_second",
            "reading_seconds", "seconds/reading",
            "computing_seconds", "seconds/computing",
            "waiting_seconds", "seconds/waiting",
            "averaging_seconds", "seconds/averaging");
    private static final Map<String, String> OF_EVALUATION = Map.of(
            "top1_error", EVALUATION + "top1_error",
            "top5_error", EVALUATION + "top5_error",
            "cross_entropy", EVALUATION + "cross_entropy");

    public MetricScalars {
        values = Collections.unmodifiableMap(values);
    }

    /** @param line of metrics.jsonl (docs/reference/metrics.md) */
    public static MetricScalars of(JsonNode line) {
        boolean evaluation = line.path("kind").asText().equals("evaluation");
        JsonNode fields = evaluation ? line.path("result") : line;
        Map<String, Double> values = new LinkedHashMap<>();
        (evaluation ? OF_EVALUATION : OF_ROUND).forEach((field, name) -> {
            if (fields.hasNonNull(field)) {
                values.put(name, fields.path(field).asDouble());
            }
        });
        return new MetricScalars(
                line.path("iteration").asLong(), line.path("unix_seconds").asDouble(), values);
    }
}
