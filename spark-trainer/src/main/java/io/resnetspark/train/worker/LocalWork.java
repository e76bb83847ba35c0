package io.resnetspark.train.worker;

import java.io.IOException;
import java.io.Serializable;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;

/** What a worker does in a round: a pure function, so that a task which Spark runs again brings the same. */
@FunctionalInterface
public interface LocalWork extends Serializable {
    WorkerUpdate.WithLocalState run(TrainingState state, int worker, WorkerLocalState localState, Configuration conf)
            throws IOException;

    /** The same, and tells of the images that it has trained on as it goes. */
    default WorkerUpdate.WithLocalState run(
            TrainingState state, int worker, WorkerLocalState localState, Configuration conf, LongConsumer trainedOn)
            throws IOException {
        WorkerUpdate.WithLocalState done = run(state, worker, localState, conf);
        trainedOn.accept(done.update().report().examples());
        return done;
    }
}
