package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.util.List;

/** What makes the next state of a state, on Spark. */
public interface Engine extends AutoCloseable {
    /**
     * Does a round.
     *
     * @throws DivergedException if the loss or a parameter is NaN or infinite
     * @throws StateLostException if what a worker kept for itself is gone
     */
    Round round(TrainingState state);

    /**
     * The state that the last round came to, with its floats on the driver.
     *
     * @throws StateLostException if they are lost and cannot be made again
     */
    default TrainingState fetched(TrainingState state) {
        return state;
    }

    /** The last round's state is the run's now; what workers keep belongs to it. */
    default void commit() {}

    /** What each worker keeps for itself after the last committed round; empty where they keep nothing. */
    default List<WorkerLocalState> localStates() {
        return List.of();
    }

    /** Begins with what was kept; {@code before} may be empty. */
    default void restore(List<WorkerLocalState> before) {}

    @Override
    default void close() {}
}
