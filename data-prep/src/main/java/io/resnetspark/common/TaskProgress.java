package io.resnetspark.common;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Shows how many partitions of an RDD have been computed, as a share of the job's total. */
public final class TaskProgress extends SparkListener implements AutoCloseable {
    private final SparkContext spark;
    private final Progress.Step step;
    private final long total;
    private final int tasks;
    private final int rdd;
    private final Set<Integer> stages = ConcurrentHashMap.newKeySet();
    private final AtomicInteger ended = new AtomicInteger();

    private TaskProgress(SparkContext spark, Progress.Step step, long total, JavaRDD<?> rdd) {
        this.spark = spark;
        this.step = step;
        this.total = total;
        this.tasks = rdd.getNumPartitions();
        this.rdd = rdd.id();
    }

    /** Watches the next job, until closed. */
    public static TaskProgress watch(SparkContext spark, Progress.Step step, long total, JavaRDD<?> rdd) {
        TaskProgress progress = new TaskProgress(spark, step, total, rdd);
        spark.addSparkListener(progress);
        return progress;
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
        if (submitted.stageInfo().rddInfos().exists(info -> info.id() == rdd)) {
            stages.add(submitted.stageInfo().stageId());
        }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskInfo().successful() && stages.contains(end.stageId())) {
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
