package io.resnetspark.tracking;

import io.resnetspark.storage.BadInputException;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a run's metrics beside the run, from a thread of its own. A server that does not answer costs the run nothing but
 * a sentence: what it missed is sent when it answers again.
 */
public final class LiveTracking implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveTracking.class);

    private static final int SECONDS_BETWEEN = 10;

    /** So long a process waits for the server at its end. */
    private static final int SECONDS_AT_END = 20;

    private final RunTracking tracking;
    private final Consumer<String> say;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread daemon = new Thread(task, "mlflow");
        daemon.setDaemon(true);
        return daemon;
    });

    private final Future<?> repeated;

    /** Only the thread asks. */
    private boolean complained;

    /** @param say where a sentence goes if the server does not answer */
    public LiveTracking(RunTracking tracking, Consumer<String> say) {
        this.tracking = tracking;
        this.say = say;
        this.repeated = thread.scheduleWithFixedDelay(this::send, SECONDS_BETWEEN, SECONDS_BETWEEN, TimeUnit.SECONDS);
    }

    void send() {
        try {
            tracking.send();
            complained = false;
        } catch (BadInputException early) {
            LOG.debug("the run has no metrics yet", early);
        } catch (IOException | RuntimeException failed) {
            LOG.warn("metrics could not be sent", failed);
            if (!complained) {
                say.accept(
                        failed.getMessage() + ". The run continues; its metrics are sent when the server takes them.");
            }
            complained = true;
        }
    }

    /** Sends the rest; a run that is not complete then has failed. */
    @Override
    public void close() {
        repeated.cancel(false);
        Future<?> rest = thread.submit(() -> {
            try {
                tracking.send();
                tracking.failed();
            } catch (BadInputException none) {
                LOG.debug("the run has no metrics", none);
            }
            return null;
        });
        thread.shutdown();
        try {
            rest.get(SECONDS_AT_END, TimeUnit.SECONDS);
            tracking.close();
        } catch (ExecutionException failed) {
            LOG.warn("the last metrics could not be sent", failed);
            say.accept(
                    failed.getCause().getMessage() + ". The last metrics were not sent; they can be sent afterwards.");
        } catch (TimeoutException slow) {
            say.accept("The MLflow server did not answer within " + SECONDS_AT_END
                    + " s. The last metrics were not sent; they can be sent afterwards.");
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
