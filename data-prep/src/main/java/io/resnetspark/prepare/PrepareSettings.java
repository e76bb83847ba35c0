package io.resnetspark.prepare;

import io.resnetspark.image.ImageCodec;
import io.resnetspark.storage.BadInputException;
import java.io.Serializable;

/**
 * How a corpus is prepared.
 *
 * @param shorterSide images with a longer shorter side are resized to it and re-encoded; 480 is the largest that the
 *     paper's scale augmentation uses
 * @param keepOriginal whether images keep their bytes, whatever their size
 * @param shardBytes target size of a shard, in encoded bytes
 * @param maxBadFraction the share of bad images above which the job fails
 * @param duplicates the policy for images with identical bytes
 * @param limits decoding limits
 * @param maxRemovedFraction the share of a dataset's images that may disappear from its corpus before the job fails,
 *     because an unmounted disk looks like that
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

    /** The policy for images with identical bytes. */
    public enum DuplicatePolicy {
        /** {@link #KEEP} in a published benchmark, else {@link #EXCLUDE}. */
        AUTO,
        /** Keeps one copy, and none if the classes differ. Validation takes precedence over training. */
        EXCLUDE,
        KEEP
    }

    public PrepareSettings {
        if (shorterSide < 1
                || shardBytes < MIN_SHARD_BYTES
                || shardBytes > MAX_SHARD_BYTES
                || maxBadFraction < 0
                || maxBadFraction > 1) {
            throw new BadInputException("The shorter side must be positive, a shard from 10k to 1g and the share of bad"
                    + " images within 0 and 1, not " + shorterSide + ", " + shardBytes + ", " + maxBadFraction + ".");
        }
        if (!(maxRemovedFraction >= 0 && maxRemovedFraction <= 1)) {
            throw new BadInputException(
                    "The share of images that may vanish must be within 0 and 1, not " + maxRemovedFraction + ".");
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

    /** A copy with this limit. */
    public PrepareSettings withMaxRemovedFraction(double share) {
        return new PrepareSettings(shorterSide, keepOriginal, shardBytes, maxBadFraction, duplicates, limits, share);
    }
}
