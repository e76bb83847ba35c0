package io.resnetspark.train.averaging;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;

/**
 * The memory of this process's raw blocks, which serves round after round: asking for hundreds of megabytes anew, pages
 * that the system clears and Java clears again, takes longer than to fill them. Whoever still reads a block of a round
 * that is over finds that its checksum is another.
 */
final class BlockMemory {
    /** Given up where a process runs short of memory; what blocks use they hold themselves. */
    private static SoftReference<BlockMemory> kept = new SoftReference<>(null);

    private final Map<Integer, Deque<byte[]>> free = new HashMap<>();
    private final List<byte[]> used = new ArrayList<>();
    private long set;
    private long before;

    private BlockMemory() {}

    private static BlockMemory get() {
        BlockMemory memory = kept.get();
        if (memory == null) {
            memory = new BlockMemory();
            kept = new SoftReference<>(memory);
        }
        return memory;
    }

    /**
     * Memory for a block.
     *
     * @throws IllegalStateException if a later round has begun: what a late task brought would lie here for ever
     */
    static synchronized byte[] of(int bytes, long set) {
        BlockMemory memory = get();
        memory.enter(set);
        byte[] block = memory.free.getOrDefault(bytes, new ArrayDeque<>(0)).poll();
        if (block == null) {
            block = new byte[bytes];
        }
        memory.used.add(block);
        return block;
    }

    private void enter(long wanted) {
        if (wanted < set) {
            throw new IllegalStateException("The round of these floats is over.");
        }
        if (wanted > set) {
            if (before > 0) { // if a late task left something; what is of the last set may just be going
                SparkEnv.get().blockManager().removeBroadcast(before, false);
            }
            before = set;
            set = wanted;
            free.clear(); // of another network
            used.forEach(block -> free.computeIfAbsent(block.length, any -> new ArrayDeque<>())
                    .add(block));
            used.clear();
        }
    }
}
