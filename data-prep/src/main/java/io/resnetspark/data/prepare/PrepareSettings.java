package io.resnetspark.data.prepare;

import io.resnetspark.data.image.Codec;
import io.resnetspark.storage.BadInputException;
import java.io.Serializable;

/**
 * How a corpus is prepared.
 *
 * @param shorterSide pictures whose shorter side is longer are scaled down to it and encoded anew; 480 is the most that
 *     the paper's scale augmentation uses
 * @param keepOriginal whether pictures keep their bytes, whatever their size
 * @param shardBytes encoded bytes to aim at in each shard
 * @param mostBad the share of pictures that may be set aside before the job stops
 * @param doubles what is done about pictures whose bytes occur more than once
 * @param limits what is not decoded
 * @param maxRemovedFraction the share of a dataset's pictures that may vanish from its corpus before the job stops, since
 *     an unmounted disk looks like that
 */
public record PrepareSettings(
        int shorterSide,
        boolean keepOriginal,
        long shardBytes,
        double mostBad,
        Doubles doubles,
        Codec.Limits limits,
        double maxRemovedFraction)
        implements Serializable {
    private static final double MAX_REMOVED = 0.1;
    private static final long LEAST_SHARD = 10_000;
    /** Executors hold whole shards in memory. */
    private static final long MOST_SHARD = 1L << 30;

    /** What is done about pictures whose bytes occur more than once. */
    public enum Doubles {
        /** As the corpus deserves: {@link #KEEP} in a published benchmark, else {@link #SET_ASIDE}. */
        AUTO,
        /** One stays of each class, and none where classes differ. What validates does not train. */
        SET_ASIDE,
        KEEP
    }

    public PrepareSettings {
        if (shorterSide < 1 || shardBytes < LEAST_SHARD || shardBytes > MOST_SHARD || mostBad < 0 || mostBad > 1) {
            throw new BadInputException("The shorter side must be positive, a shard from 10k to 1g and the share of bad"
                    + " pictures within 0 and 1, not " + shorterSide + ", " + shardBytes + ", " + mostBad + ".");
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
            double mostBad,
            Doubles doubles,
            Codec.Limits limits) {
        this(shorterSide, keepOriginal, shardBytes, mostBad, doubles, limits, MAX_REMOVED);
    }

    public PrepareSettings(int shorterSide, long shardBytes, double mostBad) {
        this(shorterSide, false, shardBytes, mostBad, Doubles.AUTO, Codec.Limits.USUAL);
    }

    /** The same, but that so large a share may vanish. */
    public PrepareSettings withMaxRemovedFraction(double share) {
        return new PrepareSettings(shorterSide, keepOriginal, shardBytes, mostBad, doubles, limits, share);
    }
}
