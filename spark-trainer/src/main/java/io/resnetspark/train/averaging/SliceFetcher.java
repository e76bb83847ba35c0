package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Slice;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.apache.spark.storage.BlockManagerId;

/**
 * Slices from where they lie, by a few threads, each of which has asked for the next while it works on one. So what is
 * under way takes little memory, however large a state is, and the network and the cores are busy at once.
 */
final class SliceFetcher {
    private static final int MOST_THREADS = 4;

    private static final int MOST_AHEAD = 2;

    /** Bytes that are under way or being worked on at most, where a slice of all sources is no more. */
    private static final long ROOM = 64L << 20;

    private final StateLayout layout;
    private final IntFunction<List<RawBlocks>> sources;
    private final ExchangeTimeout timeout;
    private final int threads;
    /** Slices that a thread has asked for beside the one that it works on. */
    private final int ahead;

    private final LongAdder waited = new LongAdder();
    private final Set<BlockManagerId> failing = ConcurrentHashMap.newKeySet();

    /** What a thread does with a slice. */
    @FunctionalInterface
    interface Work extends AutoCloseable {
        /** @param pieces of all sources, in their order, to be {@linkplain BlockFetch#into waited for} */
        void on(int slice, List<BlockFetch> pieces) throws InterruptedException;

        /** No more slices come. */
        @Override
        default void close() {}
    }

    /**
     * @param sources who have a slice
     * @param together how many those are at most
     * @param timeout with the last one who has a slice
     */
    SliceFetcher(StateLayout layout, IntFunction<List<RawBlocks>> sources, int together, ExchangeTimeout timeout) {
        this.layout = layout;
        this.sources = sources;
        this.timeout = timeout;
        long bytes = Math.max(1, (long) layout.longest() * Float.BYTES * together);
        int cores = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        this.threads = (int) Math.max(1, Math.min(cores, ROOM / bytes));
        this.ahead = (int) Math.max(0, Math.min(MOST_AHEAD, ROOM / bytes / threads - 1));
    }

    /**
     * Does some slices.
     *
     * @param work made once for each thread
     * @return seconds for which a thread waited for bytes, on average
     * @throws BlockLostException if one is not to be had
     */
    double each(List<Integer> slices, Supplier<Work> work) {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            AtomicInteger next = new AtomicInteger();
            List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                ends.add(pool.submit(() -> {
                    try (Work own = work.get()) {
                        some(slices, next, own);
                    }
                    return null;
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
            return waited.sum() * 1e-9 / threads;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Spark ended this task", ended);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof BlockLostException lost) {
                throw lost;
            }
            throw new IllegalStateException("A slice could not be worked on: " + failed.getCause(), failed.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private record Asked(int slice, List<BlockFetch> pieces) {}

    private void some(List<Integer> slices, AtomicInteger next, Work work) throws InterruptedException {
        Deque<Asked> asked = new ArrayDeque<>();
        try {
            while (true) {
                for (int i = next.get(); asked.size() <= ahead && i < slices.size(); i = next.get()) {
                    if (next.compareAndSet(i, i + 1)) {
                        asked.add(ask(slices.get(i)));
                    }
                }
                if (asked.isEmpty()) {
                    return;
                }
                Asked first = asked.element();
                work.on(first.slice, first.pieces);
                asked.remove().pieces.forEach(BlockFetch::close);
            }
        } finally {
            asked.forEach(rest -> rest.pieces.forEach(BlockFetch::close));
        }
    }

    private Asked ask(int number) {
        Slice slice = layout.slice(number);
        List<BlockFetch> pieces = new ArrayList<>();
        for (RawBlocks source : sources.apply(number)) {
            source.requireSlices(layout.size());
            pieces.add(new BlockFetch(source, number, slice, timeout, waited, failing));
        }
        return new Asked(number, pieces);
    }
}
