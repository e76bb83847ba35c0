package io.resnetspark.data.prepare;

import io.resnetspark.data.Progress;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Shows how many tasks of a stage have ended, as a share of what the whole job counts. */
public final class TaskProgress extends SparkListener implements AutoCloseable {
    private final SparkContext spark;
    private final Progress.Step step;
    private final long total;
    private final int tasks;
    private final AtomicInteger ended = new AtomicInteger();

    private TaskProgress(SparkContext spark, Progress.Step step, long total, int tasks) {
        this.spark = spark;
        this.step = step;
        this.total = total;
        this.tasks = tasks;
    }

    /** Watches the next job, until closed. */
    public static TaskProgress watch(SparkContext spark, Progress.Step step, long total, JavaRDD<?> stage) {
        TaskProgress progress = new TaskProgress(spark, step, total, stage.getNumPartitions());
        spark.addSparkListener(progress);
        return progress;
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskInfo().successful()) {
            int now = Math.min(tasks, ended.incrementAndGet());
            step.reached(total * now / tasks, "");
        }
    }

    @Override
    public void close() {
        spark.removeSparkListener(this);
        step.close();
    }
}
