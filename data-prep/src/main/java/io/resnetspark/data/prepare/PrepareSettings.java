package io.resnetspark.data.prepare;

import io.resnetspark.data.image.ImageCodec;
import io.resnetspark.storage.BadInputException;
import java.io.Serializable;

/**
 * How a corpus is prepared.
 *
 * @param shorterSide pictures whose shorter side is longer are scaled down to it and encoded anew; 480 is the most that
 *     the paper's scale augmentation uses
 * @param keepOriginal whether pictures keep their bytes, whatever their size
 * @param shardBytes encoded bytes to aim at in each shard
 * @param maxBadFraction the share of pictures that may be set aside before the job stops
 * @param duplicates what is done about pictures whose bytes occur more than once
 * @param limits what is not decoded
 * @param maxRemovedFraction the share of a dataset's pictures that may vanish from its corpus before the job stops, since
 *     an unmounted disk looks like that
 */
public record PrepareSettings(
        int shorterSide,
        boolean keepOriginal,
        long shardBytes,
        double maxBadFraction,
        DuplicatePolicy duplicates,
        ImageCodec.Limits limits,
        double maxRemovedFraction)
        implements Serializable {
    private static final double DEFAULT_MAX_REMOVED_FRACTION = 0.1;
    private static final long MIN_SHARD_BYTES = 10_000;
    /** Executors hold whole shards in memory. */
    private static final long MAX_SHARD_BYTES = 1L << 30;

    /** What is done about pictures whose bytes occur more than once. */
    public enum DuplicatePolicy {
        /** As the corpus deserves: {@link #KEEP} in a published benchmark, else {@link #SET_ASIDE}. */
        AUTO,
        /** One stays of each class, and none where classes differ. What validates does not train. */
        SET_ASIDE,
        KEEP
    }

    public PrepareSettings {
        if (shorterSide < 1
                || shardBytes < MIN_SHARD_BYTES
                || shardBytes > MAX_SHARD_BYTES
                || maxBadFraction < 0
                || maxBadFraction > 1) {
            throw new BadInputException("The shorter side must be positive, a shard from 10k to 1g and the share of bad"
                    + " pictures within 0 and 1, not " + shorterSide + ", " + shardBytes + ", " + maxBadFraction + ".");
        }
        if (!(maxRemovedFraction >= 0 && maxRemovedFraction <= 1)) {
            throw new BadInputException(
                    "The share of pictures that may vanish must be within 0 and 1, not " + maxRemovedFraction + ".");
        }
    }

    public PrepareSettings(
            int shorterSide,
            boolean keepOriginal,
            long shardBytes,
            double maxBadFraction,
            DuplicatePolicy duplicates,
            ImageCodec.Limits limits) {
        this(shorterSide, keepOriginal, shardBytes, maxBadFraction, duplicates, limits, DEFAULT_MAX_REMOVED_FRACTION);
    }

    public PrepareSettings(int shorterSide, long shardBytes, double maxBadFraction) {
        this(shorterSide, false, shardBytes, maxBadFraction, DuplicatePolicy.AUTO, ImageCodec.Limits.DEFAULT);
    }

    /** The same, but that so large a share may vanish. */
    public PrepareSettings withMaxRemovedFraction(double share) {
        return new PrepareSettings(shorterSide, keepOriginal, shardBytes, maxBadFraction, duplicates, limits, share);
    }
}
