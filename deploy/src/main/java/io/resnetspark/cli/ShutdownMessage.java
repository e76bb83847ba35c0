package io.resnetspark.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;

/**
 * What a process says that is told to end in the middle of a command (SIGTERM, Ctrl-C): one sentence, and nothing of what
 * Spark says of jobs that end with it. Java's exit code is 128 and the signal's number then: 143 or 130.
 */
final class ShutdownMessage {
    /** Before the last checkpoint is written, which has 100. */
    private static final int SILENCE = 110;
    /** Afterwards, and before Spark ends, which has 40. */
    private static final int SENTENCE = 90;
    /** Hooks are told, too, which may take half a minute each. */
    private static final int MAX_MINUTES = 2;

    private static volatile boolean underWay;

    private final ShutdownHookManager hooks = ShutdownHookManager.get();
    private final Runnable silence = this::silence;
    private final Runnable say;
    private final PrintStream people = System.err;
    /** Null while it begins. */
    private volatile JavaSparkContext spark;

    /** @param sentence says how to resume; asked when the last checkpoint has been written */
    private ShutdownMessage(Supplier<String> sentence) {
        this.say = () -> {
            if (underWay) {
                people.println((ConsoleProgress.TERMINAL ? System.lineSeparator() : "") + "resnet: " + sentence.get());
            }
        };
    }

    /** Whether nobody is to be told any more of what fails now. */
    static boolean isUnderWay() {
        return underWay;
    }

    /**
     * Begins a Spark, and watches until it ends.
     *
     * @param sentence says how to resume; asked when the last checkpoint has been written
     */
    static JavaSparkContext watch(SparkConf conf, Supplier<String> sentence) {
        ShutdownMessage stopping = new ShutdownMessage(sentence);
        stopping.hooks.addShutdownHook(stopping.silence, SILENCE);
        stopping.hooks.addShutdownHook(stopping.say, SENTENCE, MAX_MINUTES, TimeUnit.MINUTES);
        try {
            stopping.spark = new JavaSparkContext(conf);
            stopping.spark.sc().addSparkListener(new SparkListener() {
                @Override
                public void onApplicationEnd(SparkListenerApplicationEnd end) {
                    stopping.end();
                }
            });
            return stopping.spark;
        } catch (Exception failed) { // Spark throws what it does not declare
            stopping.end();
            throw failed;
        }
    }

    private void silence() {
        if (spark != null && spark.sc().isStopped()) {
            return;
        }
        underWay = true;
        // Threads of Spark's that find their pools gone print traces, past any log.
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        if (spark != null) {
            spark.setLogLevel("OFF");
        }
    }

    private void end() {
        if (!hooks.isShutdownInProgress()) {
            hooks.removeShutdownHook(silence);
            hooks.removeShutdownHook(say);
        }
    }
}
