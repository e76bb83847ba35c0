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
     * Continues metrics.
     *
     * @param earlier lines, of the run that this one resumes
     * @param live where lines are shown as they come
     */
    public Metrics(String earlier, LiveReport live) {
        this.lines = new StringBuilder(earlier);
        this.live = live;
    }

    /**
     * A round.
     *
     * @param kind "round"
     * @param epoch the round's, from 1
     * @param iteration steps of each worker since the start, this round included
     * @param steps local steps of the round
     * @param learningRate of the first step of the round
     * @param loss mean cross-entropy of the round's images, in training mode
     * @param trainingError share of the round's images whose most probable class was wrong, in training mode, 0 to 1; null
     *     with dl4j-spark's engine, which does not count it
     * @param images that were trained on in the round, by all workers together
     * @param imagesRemaining remaining images of the epoch
     * @param seconds that the round took
     * @param imagesPerSecond of all workers together
     * @param readingSeconds that a worker's network waited for images, on average
     * @param computingSeconds of a worker's steps, on average
     * @param waitingSeconds that a worker waited for the slowest one, on average
     * @param averagingSeconds the rest of the round: sending, adding up, receiving
     * @param missing numbers of the workers that were late, and whose part is still to be done
     * @param unixSeconds time of day at the end of the round, in seconds since 1970
     */
    public record RoundLine(
            String kind,
            int epoch,
            long iteration,
            int steps,
            double learningRate,
            double loss,
            Double trainingError,
            long images,
            long imagesRemaining,
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
                    Double.isNaN(round.error()) ? null : round.error(),
                    round.examples(),
                    round.state().work().remaining(),
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

    /**
     * An evaluation at the end of an epoch, or of the run.
     *
     * @param kind "evaluation"
     * @param epoch number of epochs done
     * @param iteration steps of each worker since the start
     * @param result what the evaluation found
     * @param unixSeconds time of day, in seconds since 1970
     */
    public record EvaluationLine(String kind, int epoch, long iteration, EvaluationResult result, double unixSeconds) {
        public static EvaluationLine of(int epochs, long iteration, EvaluationResult result) {
            return new EvaluationLine("evaluation", epochs, iteration, result, now());
        }
    }

    /**
     * How the workers fared, at the end of an epoch: sums over its rounds.
     *
     * @param kind "workers"
     * @param epoch number of epochs done
     * @param iteration steps of each worker since the start
     * @param workers each worker, in the order of their numbers
     * @param unixSeconds time of day, in seconds since 1970
     */
    public record WorkersLine(
            String kind, int epoch, long iteration, List<WorkerTotals.OfWorker> workers, double unixSeconds) {
        public static WorkersLine of(int epochs, long iteration, List<WorkerTotals.OfWorker> workers) {
            return new WorkersLine("workers", epochs, iteration, workers, now());
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
