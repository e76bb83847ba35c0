package io.resnetspark.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import scala.collection.JavaConverters;

/**
 * Sends an executor the signal {@code spark.resnet.signal}, KILL or STOP, at points of a run that {@code
 * spark.resnet.signals} names one after the other: {@code begun:local steps,ended:reduce slices} is when a stage of local
 * steps has begun, and later when a reduction has ended. It waits between two until both executors have taken part in some
 * rounds again: who loses both loses the state. One that was stopped goes on when the other has done some rounds without
 * it. Spark makes this in the driver ({@code spark.extraListeners}).
 */
public final class SignalAtPhases extends SparkListener {
    private static final String STEPS = "local steps";
    private static final String REDUCTION = "reduce slices";
    private static final int ROUNDS_OF_BOTH = 3;

    private static final int ROUNDS_WITHOUT = 3;

    private final String signal;
    private final Deque<String> phases;
    private final Map<Integer, String> names = new HashMap<>();
    private final Map<Integer, Set<String>> executors = new HashMap<>();
    private String application = "";
    private int roundsOfBoth;
    private Optional<ProcessHandle> stopped = Optional.empty();
    private int roundsWithout;

    public SignalAtPhases(SparkConf conf) {
        signal = conf.get("spark.resnet.signal");
        phases = new ArrayDeque<>(List.of(conf.get("spark.resnet.signals").split(",", -1)));
    }

    private static String name(StageInfo stage) {
        return JavaConverters.seqAsJavaList(stage.rddInfos()).stream()
                .map(rdd -> rdd.name())
                .filter(name -> name.equals(STEPS) || name.equals(REDUCTION))
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
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskInfo().successful()) {
            executors
                    .computeIfAbsent(end.stageId(), any -> new HashSet<>())
                    .add(end.taskInfo().executorId());
        }
    }

    @Override
    public synchronized void onStageCompleted(SparkListenerStageCompleted completed) {
        if (completed.stageInfo().failureReason().isEmpty()) {
            String stage = name(completed.stageInfo());
            if (stage.equals(STEPS)) {
                boolean both = executors
                                .getOrDefault(completed.stageInfo().stageId(), Set.of())
                                .size()
                        == 2;
                roundsOfBoth = both ? roundsOfBoth + 1 : 0;
            }
            if (stage.equals(REDUCTION)) {
                roundWithout();
            }
            reached("ended", stage);
        }
    }

    private void roundWithout() {
        if (stopped.isPresent() && ++roundsWithout == ROUNDS_WITHOUT) {
            send("CONT", stopped.orElseThrow());
            stopped = Optional.empty();
            roundsOfBoth = 0;
        }
    }

    private void reached(String event, String stage) {
        if (stopped.isEmpty() && roundsOfBoth >= ROUNDS_OF_BOTH && (event + ":" + stage).equals(phases.peek())) {
            roundsOfBoth = 0;
            String next = phases.remove();
            ProcessHandle executor = ProcessHandle.allProcesses()
                    .filter(process -> isExecutor(process.pid()))
                    .findFirst()
                    .orElseThrow();
            send(signal, executor);
            System.err.println("signal " + signal + ": " + next);
            if (signal.equals("STOP")) {
                stopped = Optional.of(executor);
                roundsWithout = 0;
            }
        }
    }

    private static void send(String name, ProcessHandle process) {
        try {
            new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
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
