package io.resnetspark.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.storage.Json;
import io.resnetspark.train.evaluate.EvaluationResult;

/** What happened in a run, a JSON object a line. */
public final class Metrics {
    private final StringBuilder lines;

    /** @param earlier lines, of the run that this one goes on with */
    public Metrics(String earlier) {
        lines = new StringBuilder(earlier);
    }

    /**
     * A round.
     *
     * @param iteration steps of each worker since the start
     * @param loss mean cross-entropy of the pictures of the round, in training mode
     * @param waitingSeconds for which a worker's network waited for pictures, on average over the workers
     */
    public record RoundLine(
            String kind,
            int epoch,
            int round,
            long iteration,
            double learningRate,
            double loss,
            long images,
            double seconds,
            double imagesPerSecond,
            double waitingSeconds) {}

    /** An evaluation at the end of an epoch. */
    public record EvaluationLine(String kind, int epoch, EvaluationResult result) {}

    public synchronized void add(Record line) {
        try {
            lines.append(Json.COMPACT.writeValueAsString(line)).append('\n');
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** All lines so far. */
    public synchronized String text() {
        return lines.toString();
    }

    /** Characters of all lines so far. */
    public synchronized int length() {
        return lines.length();
    }
}
