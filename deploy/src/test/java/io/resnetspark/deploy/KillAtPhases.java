package io.resnetspark.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import scala.collection.JavaConverters;

/**
 * Kills an executor, as {@code kill -9} does, at points of a run that {@code spark.resnet.kills} names one after the
 * other: {@code begun:local steps:3,ended:reduce slices:9} is in the third stage of local steps, and when the ninth
 * reduction has ended. Spark makes it in the driver ({@code spark.extraListeners}).
 */
public final class KillAtPhases extends SparkListener {
    private record Phase(String event, String stage, int number) {}

    private final Deque<Phase> phases = new ArrayDeque<>();
    private final Map<Integer, String> names = new HashMap<>();
    private final Map<String, Integer> seen = new HashMap<>();
    private String application = "";

    public KillAtPhases(SparkConf conf) {
        for (String phase : conf.get("spark.resnet.kills").split(",", -1)) {
            List<String> words = List.of(phase.split(":", -1));
            phases.add(new Phase(words.get(0), words.get(1), Integer.parseInt(words.get(2))));
        }
    }

    private static String name(StageInfo stage) {
        return JavaConverters.seqAsJavaList(stage.rddInfos()).stream()
                .map(rdd -> rdd.name())
                .filter(name -> name.equals("local steps") || name.equals("reduce slices"))
                .findFirst()
                .orElse("");
    }

    @Override
    public synchronized void onApplicationStart(SparkListenerApplicationStart start) {
        application = start.appId().get();
    }

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
        names.put(submitted.stageInfo().stageId(), name(submitted.stageInfo()));
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        if (start.taskInfo().index() == 0 && start.taskInfo().attemptNumber() == 0) {
            reached("begun", names.getOrDefault(start.stageId(), ""));
        }
    }

    @Override
    public synchronized void onStageCompleted(SparkListenerStageCompleted completed) {
        if (completed.stageInfo().failureReason().isEmpty()) {
            reached("ended", name(completed.stageInfo()));
        }
    }

    private void reached(String event, String stage) {
        int number = seen.merge(event + stage, 1, Integer::sum);
        Phase next = phases.peek();
        if (next != null && next.event.equals(event) && next.stage.equals(stage) && number >= next.number) {
            phases.remove();
            System.err.println("killed: " + next);
            ProcessHandle.allProcesses()
                    .filter(process -> isExecutor(process.pid()))
                    .findFirst()
                    .orElseThrow()
                    .destroyForcibly();
        }
    }

    /** Of this run: Java's own view of command lines ends before what tells. */
    private boolean isExecutor(long process) {
        try {
            String words = Files.readString(Path.of("/proc", String.valueOf(process), "cmdline"));
            return words.contains("CoarseGrainedExecutorBackend") && words.contains("--app-id\0" + application);
        } catch (IOException ended) {
            return false;
        }
    }
}
