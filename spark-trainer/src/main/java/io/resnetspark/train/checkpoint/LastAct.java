package io.resnetspark.train.checkpoint;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Something that is done if the process is told to end (SIGTERM, Ctrl-C), before Spark and Hadoop's file systems close;
 * nothing once this is closed.
 */
public final class LastAct implements AutoCloseable {
    /** Spark's have 40, Hadoop's file systems 10; the highest come first. */
    private static final int PRIORITY = 100;

    private static final int MOST_MINUTES = 5;

    /** What is done. */
    @FunctionalInterface
    public interface Act {
        void run() throws IOException;
    }

    private final Runnable hook;

    private LastAct(Runnable hook) {
        this.hook = hook;
    }

    public static LastAct before(Act act) {
        Runnable hook = () -> {
            try {
                act.run();
            } catch (IOException | RuntimeException failed) {
                // Nobody is left to tell but the console, and the earlier checkpoints are still there.
                System.err.println("The last act failed: " + failed);
            }
        };
        ShutdownHookManager.get().addShutdownHook(hook, PRIORITY, MOST_MINUTES, TimeUnit.MINUTES);
        return new LastAct(hook);
    }

    @Override
    public void close() {
        if (!ShutdownHookManager.get().isShutdownInProgress()) {
            ShutdownHookManager.get().removeShutdownHook(hook);
        }
    }
}
