package io.resnetspark.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.storage.Json;
import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.worker.TrainingState;
import java.util.List;

/** What happened in a run, a JSON object a line. */
public final class Metrics {
    private final StringBuilder lines;
    private final LiveReport live;

    /**
     * Goes on with metrics.
     *
     * @param earlier lines, of the run that this one goes on with
     * @param live where lines are shown as they come
     */
    public Metrics(String earlier, LiveReport live) {
        this.lines = new StringBuilder(earlier);
        this.live = live;
    }

    /**
     * A round.
     *
     * @param iteration steps of each worker since the start
     * @param learningRate that the workers had in their first step of the round
     * @param loss mean cross-entropy of the pictures of the round, in training mode
     * @param imagesLeft of the epoch
     * @param missing workers that were late, and whose part is still to be done
     */
    public record RoundLine(
            String kind,
            int epoch,
            long iteration,
            int steps,
            double learningRate,
            double loss,
            long images,
            long imagesLeft,
            double seconds,
            double imagesPerSecond,
            double readingSeconds,
            double computingSeconds,
            double waitingSeconds,
            double averagingSeconds,
            List<Integer> missing,
            double unixSeconds) {
        public static RoundLine of(TrainingState before, Round round) {
            Round.Times times = round.times();
            return new RoundLine(
                    "round",
                    before.work().epoch() + 1,
                    round.state().iteration(),
                    round.steps(),
                    round.rate(),
                    round.loss(),
                    round.examples(),
                    round.state().work().left(),
                    times.total(),
                    round.examples() / times.total(),
                    times.reading(),
                    times.computing(),
                    times.waiting(),
                    times.averaging(),
                    round.missing(),
                    now());
        }
    }

    /** An evaluation at the end of an epoch, or of the run. */
    public record EvaluationLine(String kind, int epoch, long iteration, EvaluationResult result, double unixSeconds) {
        public static EvaluationLine of(int epochs, long iteration, EvaluationResult result) {
            return new EvaluationLine("evaluation", epochs, iteration, result, now());
        }
    }

    private static double now() {
        return System.currentTimeMillis() / 1e3;
    }

    public synchronized void add(Record line) {
        try {
            String text = Json.COMPACT.writeValueAsString(line);
            lines.append(text).append('\n');
            live.add(text);
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
