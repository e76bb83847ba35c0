package io.resnetspark.train.worker;

import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;

/** What a worker does in a round: a pure function, so that a task which Spark runs again brings the same. */
@FunctionalInterface
public interface LocalWork extends Serializable {
    Contribution.WithMemory run(TrainingState state, int worker, WorkerMemory memory, Configuration conf)
            throws IOException;
}
