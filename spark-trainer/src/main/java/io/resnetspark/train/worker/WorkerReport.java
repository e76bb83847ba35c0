package io.resnetspark.train.worker;

import java.io.Serializable;

/**
 * How a worker's part of a round went.
 *
 * @param examples that it saw; 0 where its part of the epoch was at its end
 * @param loss sum of their cross-entropies
 * @param errors examples of which another class was the most probable one, in training mode
 * @param firstLearningRate learning rate of its first step
 * @param reading seconds for which its network waited for images
 * @param computing seconds of its steps, without reading
 */
public record WorkerReport(
        int worker,
        long examples,
        double loss,
        long errors,
        int steps,
        double firstLearningRate,
        double reading,
        double computing)
        implements Serializable {

    /** Seconds of its part of the round. */
    public double seconds() {
        return reading + computing;
    }

    /** Of an update whose round is over: its weight is all that is needed. */
    public static WorkerReport of(int worker, long examples) {
        return new WorkerReport(worker, examples, 0, 0, 0, 0, 0, 0);
    }

    static WorkerReport idle(int worker) {
        return new WorkerReport(worker, 0, 0, 0, 0, 0, 0, 0);
    }
}
