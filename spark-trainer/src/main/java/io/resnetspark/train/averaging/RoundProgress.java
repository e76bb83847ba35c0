package io.resnetspark.train.averaging;

import io.resnetspark.common.Progress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.collection.Iterator;
import scala.collection.Seq;

/**
 * Moves a step of progress while a round is under way: with every heartbeat (spark.executor.heartbeatInterval, usually 10 s)
 * executors tell how many images their tasks have trained on.
 */
public final class RoundProgress extends SparkListener implements AutoCloseable {
    /** A property of the thread that begins a round's stages, by which they are known. */
    private static final String ROUND = "resnet.round";

    private final JavaSparkContext spark;
    private final Progress.Step step;
    private final Set<Integer> stages = new HashSet<>();
    /** Images by task. */
    private final Map<Long, Long> trainedOn = new HashMap<>();

    private String round = "";
    private long before;

    private RoundProgress(JavaSparkContext spark, Progress.Step step) {
        this.spark = spark;
        this.step = step;
    }

    /** Follows the rounds that {@link #begin} names, until closed. */
    public static RoundProgress watch(JavaSparkContext spark, Progress.Step step) {
        RoundProgress progress = new RoundProgress(spark, step);
        spark.sc().addSparkListener(progress);
        return progress;
    }

    /**
     * Says that the next stages are of a round.
     *
     * @param number that no other round has
     * @param done images of the epoch so far
     */
    public synchronized void begin(long number, long done) {
        round = Long.toString(number);
        before = done;
        stages.clear();
        trainedOn.clear();
        spark.setLocalProperty(ROUND, round);
    }

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
        if (round.equals(submitted.properties().getProperty(ROUND))) {
            stages.add(submitted.stageInfo().stageId());
        }
    }

    @Override
    public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
        boolean moved = false;
        for (var tasks = heartbeat.accumUpdates().iterator(); tasks.hasNext(); ) {
            var task = tasks.next();
            if (stages.contains((Integer) task._2())) {
                moved |= count((Long) task._1(), task._4());
            }
        }
        if (moved) {
            step.moved(before
                    + trainedOn.values().stream().mapToLong(Long::longValue).sum());
        }
    }

    /** What a task that failed has done is done again. */
    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        long task = end.taskInfo().taskId();
        if (!end.taskInfo().successful()) {
            trainedOn.remove(task);
        } else if (stages.contains(end.stageId())) {
            count(task, end.taskInfo().accumulables());
        }
    }

    private boolean count(long task, Seq<AccumulableInfo> counters) {
        for (Iterator<AccumulableInfo> all = counters.iterator(); all.hasNext(); ) {
            AccumulableInfo counter = all.next();
            if (counter.name().contains(StageCounters.IMAGES)
                    && counter.update().isDefined()) {
                trainedOn.put(task, (Long) counter.update().get());
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        spark.sc().removeSparkListener(this);
        spark.setLocalProperty(ROUND, null);
    }
}
