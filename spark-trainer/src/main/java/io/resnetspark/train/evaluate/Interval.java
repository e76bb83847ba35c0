package io.resnetspark.train.evaluate;

import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;

/**
 * A 95 % confidence interval of a share, by Wilson's score (1927): it holds for shares near 0 and 1 and for few images,
 * where the normal approximation does not.
 *
 * @param lower 0 to 1
 * @param upper 0 to 1
 */
public record Interval(double lower, double upper) {
    private static final double CONFIDENCE = 0.95;

    /** Of {@code hits} of {@code images}, which are taken for an independent sample. */
    static Interval of(long hits, long images) {
        ConfidenceInterval wilson =
                new WilsonScoreInterval().createInterval(Math.toIntExact(images), Math.toIntExact(hits), CONFIDENCE);
        // Roundings leave the least bit less than 0 where nothing was hit.
        return new Interval(Math.max(0, wilson.getLowerBound()), Math.min(1, wilson.getUpperBound()));
    }
}
