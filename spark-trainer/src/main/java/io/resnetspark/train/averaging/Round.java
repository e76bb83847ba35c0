package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerReport;
import java.util.List;

/**
 * What a round made of the state, and how it went.
 *
 * @param rate the learning rate that the workers had in their first step
 * @param loss mean cross-entropy of the examples, in training mode
 * @param error share of the examples that the network got wrong, in training mode; NaN where it is not counted
 * @param steps of the worker that did most
 * @param missing workers that were late, and whose part is still to be done
 * @param workers how each worker's part went; empty where it is not known
 */
public record Round(
        TrainingState state,
        double rate,
        double loss,
        double error,
        long examples,
        int steps,
        Times times,
        List<Integer> missing,
        List<WorkerReport> workers) {
    /** For a line on a screen. */
    public String summary() {
        return String.format(
                "loss %.3f, rate %.4g; %.0f %% reading, %.0f %% computing, %.0f %% waiting, %.0f %% averaging",
                loss,
                rate,
                100 * times.reading / times.total,
                100 * times.computing / times.total,
                100 * times.waiting / times.total,
                100 * times.averaging / times.total);
    }

    /**
     * Where the time went, in seconds.
     *
     * @param total of the round
     * @param reading for which a network waited for images, on average over the workers
     * @param computing of a worker's steps, on average
     * @param waiting for the slowest worker, on average
     * @param averaging all that is not the slowest worker's steps: sending, adding up, receiving
     */
    public record Times(double total, double reading, double computing, double waiting, double averaging) {
        /** @param slowest seconds of the slowest worker's steps */
        static Times of(double total, double reading, double computing, double slowest) {
            return new Times(
                    total,
                    reading,
                    computing,
                    Math.max(0, slowest - reading - computing),
                    Math.max(0, total - slowest));
        }
    }
}
