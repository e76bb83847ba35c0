package io.resnetspark.train.checkpoint;

import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.report.WorkerTotals;
import io.resnetspark.train.worker.TrainingState;
import java.util.ArrayList;
import java.util.List;

/**
 * All that the driver of a run holds between two rounds.
 *
 * @param rounds done since the start
 * @param images that workers saw since the start
 * @param seconds that the rounds took
 * @param errors top-1, on the validation images, at the end of each epoch so far
 * @param evaluation the last one; null before there was any
 * @param workers how they fared in the epoch so far
 * @param metricsLength characters of the metrics that belong to it
 */
public record RunState(
        TrainingState training,
        long rounds,
        long images,
        double seconds,
        List<Double> errors,
        EvaluationResult evaluation,
        WorkerTotals workers,
        int metricsLength) {

    public RunState {
        errors = List.copyOf(errors);
    }

    public static RunState begin(TrainingState training) {
        return new RunState(training, 0, 0, 0, List.of(), null, WorkerTotals.NONE, 0);
    }

    public RunState after(Round round, int metrics) {
        return new RunState(
                round.state(),
                rounds + 1,
                images + round.examples(),
                seconds + round.times().total(),
                errors,
                evaluation,
                workers.plus(round),
                metrics);
    }

    public RunState with(TrainingState other) {
        return new RunState(other, rounds, images, seconds, errors, evaluation, workers, metricsLength);
    }

    /** When the metrics say how the workers fared in the epoch. */
    public RunState withoutWorkers(int metrics) {
        return new RunState(training, rounds, images, seconds, errors, evaluation, WorkerTotals.NONE, metrics);
    }

    public RunState with(EvaluationResult result, int metrics) {
        List<Double> all = new ArrayList<>(errors);
        all.add(result.top1Error());
        return new RunState(training, rounds, images, seconds, all, result, workers, metrics);
    }
}
