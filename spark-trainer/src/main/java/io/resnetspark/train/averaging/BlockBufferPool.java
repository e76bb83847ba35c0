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
final class BlockBufferPool {
    /** Given up where a process runs short of memory; what blocks use they hold themselves. */
    private static SoftReference<BlockBufferPool> kept = new SoftReference<>(null);

    private final Map<Integer, Deque<byte[]>> free = new HashMap<>();
    /** By the number of the set. */
    private final Map<Long, List<byte[]>> used = new HashMap<>();

    private LiveBlockSets live = new LiveBlockSets(0, 0);

    private BlockBufferPool() {}

    private static BlockBufferPool get() {
        BlockBufferPool memory = kept.get();
        if (memory == null) {
            memory = new BlockBufferPool();
            kept = new SoftReference<>(memory);
        }
        return memory;
    }

    /**
     * Memory for a block.
     *
     * @param live which sets are not over
     * @throws IllegalStateException if the set is: what a late task brought would lie here for ever
     */
    static synchronized byte[] of(int bytes, long set, LiveBlockSets live) {
        BlockBufferPool memory = get();
        memory.enter(live);
        if (memory.live.isOver(set)) {
            throw new IllegalStateException("The round of these floats is over.");
        }
        byte[] block = memory.free.getOrDefault(bytes, new ArrayDeque<>(0)).poll();
        if (block == null) {
            block = new byte[bytes];
        }
        memory.used.computeIfAbsent(set, any -> new ArrayList<>()).add(block);
        return block;
    }

    private void enter(LiveBlockSets wanted) {
        if (wanted.current() <= live.current()) {
            return;
        }
        live = wanted;
        free.clear(); // of another network
        List<Long> over = used.keySet().stream().filter(live::isOver).toList();
        for (long set : over) {
            // If a late task left something; what is of the last round may just be going.
            SparkEnv.get().blockManager().removeBroadcast(set, false);
            used.remove(set)
                    .forEach(block -> free.computeIfAbsent(block.length, any -> new ArrayDeque<>())
                            .add(block));
        }
    }
}
