package io.resnetspark.input;

import io.resnetspark.common.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The order in which an epoch visits every example once: shards in a random order, and the examples of each shard in a
 * random order. It depends only on (seed, epoch) and the shards' sizes. The prepare job mixes classes within a shard,
 * so this is close to a random order of all examples, and each shard is read once.
 */
public final class EpochSampler {
    /** Examples {@code [from, to)} of a shard's own order in this epoch. */
    public record Run(int shard, int from, int to) {}

    private final long seed;
    private final long epoch;
    private final int[] sizes;
    private final int[] shards;

    /** @param sizes examples in each shard */
    public EpochSampler(long seed, long epoch, int... sizes) {
        this.seed = seed;
        this.epoch = epoch;
        this.sizes = sizes.clone();
        this.shards = permutation(sizes.length, Seeds.generator(seed, epoch));
    }

    public long examples() {
        return IntStream.of(sizes).asLongStream().sum();
    }

    /** The order in which this epoch visits the examples of a shard. */
    public int[] within(int shard) {
        return permutation(sizes[shard], Seeds.generator(seed, epoch, "shard " + shard));
    }

    /** The runs that make up positions {@code [from, to)} of the epoch. */
    public List<Run> positions(long from, long to) {
        List<Run> runs = new ArrayList<>();
        long start = 0;
        for (int shard : shards) {
            long end = start + sizes[shard];
            if (start < to && end > from) {
                runs.add(new Run(shard, (int) (Math.max(from, start) - start), (int) (Math.min(to, end) - start)));
            }
            start = end;
        }
        return runs;
    }

    /** Fisher and Yates. */
    private static int[] permutation(int length, RandomGenerator random) {
        int[] order = IntStream.range(0, length).toArray();
        for (int i = length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }
}
