package io.resnetspark.train.bench;

import java.io.InterruptedIOException;
import java.io.Serializable;

/**
 * Local steps that are slept instead of computed: to the processors of its machine, a worker that computes on a GPU looks
 * like that.
 *
 * @param number of steps in a round; none is allowed
 * @param milliseconds that each takes
 */
public record SimulatedSteps(int number, double milliseconds) implements Serializable {
    /** Of a round. */
    public double seconds() {
        return number * milliseconds * 1e-3;
    }

    /** Ends when the last step would: one that is late does not make the next late, as work queued on a GPU does not. */
    void sleep() throws InterruptedIOException {
        long start = System.nanoTime();
        for (int step = 1; step <= number; step++) {
            long left = start + (long) (step * milliseconds * 1e6) - System.nanoTime();
            try {
                Thread.sleep(Math.max(0, left / 1_000_000), (int) Math.max(0, left % 1_000_000));
            } catch (InterruptedException killed) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("Spark ended this task");
            }
        }
    }
}
