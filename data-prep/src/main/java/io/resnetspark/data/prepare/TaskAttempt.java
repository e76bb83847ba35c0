package io.resnetspark.data.prepare;

import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * A name for what a task writes before it is whole: a retry, a straggler beside it, or another application that was
 * started at the same target must never write into the same file.
 */
final class TaskAttempt {
    private TaskAttempt() {}

    static String name() {
        return SparkEnv.get().conf().getAppId() + "-" + TaskContext.get().taskAttemptId();
    }
}
