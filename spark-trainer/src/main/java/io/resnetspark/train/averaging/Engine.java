package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.TrainingState;

/** What makes the next state of a state, on Spark. */
public interface Engine extends AutoCloseable {
    /**
     * Does a round.
     *
     * @throws DivergedException if the loss or a parameter is no number any more
     */
    Round round(TrainingState state);

    @Override
    default void close() {}
}
