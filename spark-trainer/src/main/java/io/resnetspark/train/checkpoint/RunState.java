package io.resnetspark.train.checkpoint;

import io.resnetspark.train.averaging.TrainingState;
import io.resnetspark.train.evaluate.EvaluationResult;

/**
 * All that the driver of a run holds between two rounds.
 *
 * @param rounds done since the start
 * @param images that workers saw since the start
 * @param seconds that the rounds took
 * @param evaluation the last one; null before there was any
 * @param metricsLength characters of the metrics that belong to it
 */
public record RunState(
        TrainingState training,
        long rounds,
        long images,
        double seconds,
        EvaluationResult evaluation,
        int metricsLength) {

    public static RunState begin(TrainingState training) {
        return new RunState(training, 0, 0, 0, null, 0);
    }
}
