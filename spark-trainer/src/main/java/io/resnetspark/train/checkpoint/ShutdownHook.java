package io.resnetspark.train.checkpoint;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Something that is done if the process is told to end (SIGTERM, Ctrl-C), before Spark and Hadoop's file systems close;
 * nothing once this is closed.
 */
public final class ShutdownHook implements AutoCloseable {
    /** Spark's have 40, Hadoop's file systems 10; the highest come first. */
    private static final int PRIORITY = 100;

    private static final int MAX_MINUTES = 5;

    /** What is done. */
    @FunctionalInterface
    public interface Action {
        void run() throws IOException;
    }

    private final Runnable hook;

    private ShutdownHook(Runnable hook) {
        this.hook = hook;
    }

    public static ShutdownHook register(Action action) {
        Runnable hook = () -> {
            try {
                action.run();
            } catch (IOException | RuntimeException failed) {
                // Nobody is left to tell but the console, and the earlier checkpoints are still there.
                System.err.println("What had to be done before the end failed: " + failed);
            }
        };
        ShutdownHookManager.get().addShutdownHook(hook, PRIORITY, MAX_MINUTES, TimeUnit.MINUTES);
        return new ShutdownHook(hook);
    }

    @Override
    public void close() {
        if (!ShutdownHookManager.get().isShutdownInProgress()) {
            ShutdownHookManager.get().removeShutdownHook(hook);
        }
    }
}
