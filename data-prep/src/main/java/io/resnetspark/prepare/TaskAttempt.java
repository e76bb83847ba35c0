package io.resnetspark.prepare;

import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * A unique name for a task's unfinished output. A retry, a speculative attempt, or another application with the same
 * target must never write to the same file.
 */
final class TaskAttempt {
    private TaskAttempt() {}

    static String name() {
        return SparkEnv.get().conf().getAppId() + "-" + TaskContext.get().taskAttemptId();
    }
}
