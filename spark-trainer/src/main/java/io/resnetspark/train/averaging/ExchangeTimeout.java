package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.AveragingRecipe;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;

/**
 * How long an executor is waited for that does not answer while updates are exchanged.
 *
 * @param seconds infinitely many: until Spark gives the executor up
 */
record ExchangeTimeout(double seconds) implements Serializable {
    static final ExchangeTimeout ENDLESS = new ExchangeTimeout(Double.POSITIVE_INFINITY);

    /** A garbage collection, or a slow link, is no reason to give somebody up. */
    private static final double LEAST_SECONDS = 10;

    /** A recipe whose rounds wait for nobody does not wait in the exchange, either. */
    static ExchangeTimeout of(AveragingRecipe recipe) {
        return recipe.deadlineSeconds() == 0
                ? ENDLESS
                : new ExchangeTimeout(Math.max(LEAST_SECONDS, recipe.deadlineSeconds()));
    }

    /**
     * Settings for Spark, which must be there before it starts: its own fetches (of a broadcast's pieces, of a cached
     * partition) would wait two minutes for an executor that stands still.
     */
    Map<String, String> sparkSettings() {
        return ends()
                ? Map.of(
                        "spark.shuffle.io.connectionTimeout",
                        Math.round(Math.ceil(seconds)) + "s",
                        "spark.shuffle.io.maxRetries",
                        "1",
                        "spark.shuffle.io.retryWait",
                        "1s")
                : Map.of();
    }

    boolean ends() {
        return seconds < Double.POSITIVE_INFINITY;
    }

    /** For a holder of what somebody else has, too. */
    ExchangeTimeout withAlternative() {
        return new ExchangeTimeout(Math.min(LEAST_SECONDS, seconds));
    }

    ExchangeTimeout doubled() {
        return new ExchangeTimeout(2 * seconds);
    }

    long nanos() {
        return (long) (seconds * 1e9);
    }

    /**
     * What {@link JavaRDD#collect} gives.
     *
     * @throws StateLostException if it takes longer
     */
    <T> List<T> collect(JavaRDD<T> elements) {
        if (!ends()) {
            return elements.collect();
        }
        JavaFutureAction<List<T>> job = elements.collectAsync();
        try {
            return job.get(nanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException still) {
            job.cancel(true);
            throw StateLostException.standsStill(this, still);
        } catch (InterruptedException ended) {
            job.cancel(true);
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The round was ended", ended);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException unchecked
                    ? unchecked
                    : new IllegalStateException("The round failed: " + failed.getCause(), failed.getCause());
        }
    }
}
