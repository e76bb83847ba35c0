package io.resnetspark.train.worker;

import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/** A worker's part of a round: a pure function, so that a task that Spark retries gives the same result. */
@FunctionalInterface
public interface LocalWork extends Serializable {
    WorkerUpdate.WithLocalState run(TrainingState state, int worker, WorkerLocalState localState, Configuration conf)
            throws IOException;

    /** The same, and tells how far it is as it goes. */
    default WorkerUpdate.WithLocalState run(
            TrainingState state, int worker, WorkerLocalState localState, Configuration conf, Progress progress)
            throws IOException {
        WorkerUpdate.WithLocalState done = run(state, worker, localState, conf);
        progress.trainedOn(done.update().report().examples());
        return done;
    }

    /** Is told how far a round is. */
    @FunctionalInterface
    interface Progress {
        /** The network has its state, and the steps begin. Not told of a round without steps. */
        default void stepsBegin() {}

        void trainedOn(long images);
    }
}
