package io.resnetspark.train.worker;

import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/** A worker's part of a round: a pure function, so that a task that Spark retries gives the same result. */
@FunctionalInterface
public interface LocalWork extends Serializable {
    /** @param progress is told how far the round is */
    WorkerUpdate.WithLocalState run(
            TrainingState state, int worker, WorkerLocalState localState, Configuration conf, Progress progress)
            throws IOException;

    /** Of a round. */
    @FunctionalInterface
    interface Progress {
        /** The network has its state, and the steps begin. Not told of a round without steps. */
        default void stepsBegin() {}

        void trainedOn(long images);
    }
}
