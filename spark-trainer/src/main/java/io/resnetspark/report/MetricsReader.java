package io.resnetspark.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.report.RunSummary.WorkerTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Lines of metrics.jsonl (docs/reference/metrics.md), one after the other, to curves and sums. */
final class MetricsReader {
    /** Fields of a round's line, by curve. */
    private static final Map<String, String> OF_ROUNDS = ordered(
            "loss", "loss",
            "training_error", "training_error",
            "learning_rate", "learning_rate",
            "throughput", "images_per_second");

    /** Fields of an evaluation's result, by curve. */
    private static final Map<String, String> OF_EVALUATIONS =
            ordered("error", "top1_error", "cross_entropy", "cross_entropy");

    private static final List<String> SECONDS = List.of("reading", "computing", "waiting", "averaging");

    private final Map<String, Curve.Builder> curves = new LinkedHashMap<>();
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private final Map<Integer, WorkerTime> workers = new TreeMap<>();
    private long iterations;
    private int epochs;
    private double totalSeconds;
    private long rounds;
    /** Share of the epoch that is under way. */
    private double shareOfEpoch;

    private int lastEpoch;
    private long imagesOfEpoch;
    /** Null before the first. */
    private JsonNode lastRound;

    private static Map<String, String> ordered(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }

    /** Adds a line; kinds that this version does not know are passed over. */
    void add(JsonNode line) {
        switch (line.path("kind").asText()) {
            case "round" -> round(line);
            case "evaluation" -> evaluation(line);
            case "workers" -> line.path("workers").forEach(this::worker);
            default -> {}
        }
    }

    private void round(JsonNode line) {
        iterations = line.path("iteration").asLong();
        // Version 0.1 called them images_left.
        long remaining =
                line.path("images_remaining").asLong(line.path("images_left").asLong());
        epochs = line.path("epoch").asInt() - (remaining > 0 ? 1 : 0);
        totalSeconds += line.path("seconds").asDouble();
        rounds++;
        lastRound = line;
        long images = line.path("images").asLong();
        imagesOfEpoch = line.path("epoch").asInt() == lastEpoch ? imagesOfEpoch + images : images;
        lastEpoch = line.path("epoch").asInt();
        shareOfEpoch = remaining == 0 ? 0 : (double) imagesOfEpoch / (imagesOfEpoch + remaining);
        points(OF_ROUNDS, line);
        for (String part : SECONDS) {
            seconds.merge(part, line.path(part + "_seconds").asDouble(), Double::sum);
        }
    }

    private void evaluation(JsonNode line) {
        iterations = line.path("iteration").asLong();
        points(OF_EVALUATIONS, line.path("result"));
    }

    private void points(Map<String, String> fields, JsonNode values) {
        fields.forEach((curve, field) -> curves.computeIfAbsent(curve, any -> new Curve.Builder())
                .add((double) iterations, values.path(field).asDouble(Double.NaN)));
    }

    private void worker(JsonNode line) {
        WorkerTime time = new WorkerTime(
                line.path("worker").asInt(),
                line.path("images").asLong(),
                line.path("reading_seconds").asDouble(),
                line.path("computing_seconds").asDouble(),
                line.path("waiting_seconds").asDouble());
        workers.merge(time.worker(), time, MetricsReader::sum);
    }

    private static WorkerTime sum(WorkerTime a, WorkerTime b) {
        return new WorkerTime(
                a.worker(),
                a.images() + b.images(),
                a.reading() + b.reading(),
                a.computing() + b.computing(),
                a.waiting() + b.waiting());
    }

    Map<String, Curve> curves() {
        Map<String, Curve> all = new LinkedHashMap<>();
        curves.forEach((name, points) -> all.put(name, points.means()));
        all.values().removeIf(curve -> curve.x().isEmpty());
        return all;
    }

    Map<String, Double> seconds() {
        return seconds;
    }

    List<WorkerTime> workers() {
        return List.copyOf(workers.values());
    }

    long iterations() {
        return iterations;
    }

    /** That are done. */
    int epochs() {
        return epochs;
    }

    /** Of all rounds. */
    double totalSeconds() {
        return totalSeconds;
    }

    /**
     * How far the run is.
     *
     * @param wanted epochs that it is to have; null if that is not known
     */
    RunProgress progress(Integer wanted, boolean complete) {
        Double share = complete ? Double.valueOf(1) : share(wanted);
        return new RunProgress(
                epochs,
                wanted,
                share,
                rounds,
                iterations,
                last("loss"),
                last("training_error"),
                last("learning_rate"),
                last("images_per_second"),
                totalSeconds,
                share == null || share == 0 ? null : totalSeconds * (1 - share) / share,
                last("unix_seconds"));
    }

    private Double share(Integer wanted) {
        return wanted == null || wanted < 1 ? null : Math.min(1, (epochs + shareOfEpoch) / wanted);
    }

    /** Of the last round; null if there is none, or no finite one. */
    private Double last(String field) {
        double value = lastRound == null ? Double.NaN : lastRound.path(field).asDouble(Double.NaN);
        return Double.isFinite(value) ? value : null;
    }
}
