package io.resnetspark.train;

import org.apache.spark.api.java.JavaSparkContext;

/** How many threads a worker may have without taking another's core. */
public final class ExecutorCores {
    private ExecutorCores() {}

    /**
     * On a cluster, what a task was given: spark.task.cpus. In local mode every worker shares this machine, so an equal
     * part of its cores for each that works at the same time.
     */
    public static int perWorker(JavaSparkContext spark, int workers) {
        if (spark.isLocal()) {
            int atATime = Math.min(workers, spark.defaultParallelism());
            return Math.max(1, Runtime.getRuntime().availableProcessors() / atATime);
        }
        return spark.getConf().getInt("spark.task.cpus", 1);
    }
}
