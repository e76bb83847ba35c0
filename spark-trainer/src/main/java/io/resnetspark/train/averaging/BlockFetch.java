package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Slice;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.shuffle.BlockFetchingListener;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A slice on its way from one of those who have it. Asked for, taken and closed by the same thread. */
final class BlockFetch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BlockFetch.class);

    private final RawBlocks blocks;
    private final int number;
    private final Slice slice;
    private final ExchangeTimeout timeout;
    private final LongAdder waited;
    private final Set<BlockManagerId> failing;
    private BlockManagerId holder;
    private CompletableFuture<ManagedBuffer> block;

    /**
     * Asks the first of its holders for it.
     *
     * @param timeout with the last one to ask
     * @param waited counts the nanoseconds for which it is waited for
     * @param failing holders who did not bring a block: asked last, since each may take its time to fail
     */
    BlockFetch(
            RawBlocks blocks,
            int number,
            Slice slice,
            ExchangeTimeout timeout,
            LongAdder waited,
            Set<BlockManagerId> failing) {
        this.blocks = blocks;
        this.number = number;
        this.slice = slice;
        this.timeout = timeout;
        this.waited = waited;
        this.failing = failing;
        this.holder = best();
        this.block = ask();
    }

    private BlockManagerId best() {
        List<BlockManagerId> holders = blocks.holders().get(number);
        return holders.stream()
                .filter(candidate -> !failing.contains(candidate))
                .findFirst()
                .orElse(holders.get(0));
    }

    private CompletableFuture<ManagedBuffer> ask() {
        CompletableFuture<ManagedBuffer> asked = new CompletableFuture<>();
        BlockManager here = SparkEnv.get().blockManager();
        if (holder.equals(here.blockManagerId())) {
            try {
                asked.complete(here.getLocalBlockData(blocks.id(number)));
            } catch (Exception missing) { // Scala declares none
                asked.completeExceptionally(missing);
            }
            return asked;
        }
        here.blockTransferService()
                .fetchBlocks(
                        holder.host(),
                        holder.port(),
                        holder.executorId(),
                        new String[] {blocks.id(number).name()},
                        new BlockFetchingListener() {
                            @Override
                            public void onBlockFetchSuccess(String id, ManagedBuffer bytes) {
                                bytes.retain();
                                if (!asked.complete(bytes)) {
                                    bytes.release();
                                }
                            }

                            @Override
                            public void onBlockFetchFailure(String id, Throwable failure) {
                                asked.completeExceptionally(failure);
                            }
                        },
                        null);
        return asked;
    }

    /**
     * Waits for it, and writes it into an array from {@code at} on. A block that does not come, or not as it was put, is
     * asked for once more: of another holder, or of the only one again.
     *
     * @throws BlockLostException if it is not to be had
     */
    void into(float[] target, int at) throws InterruptedException {
        try {
            read(target, at);
        } catch (BlockLostException wrong) {
            LOG.warn("{}; it is asked for again", wrong.getMessage());
            close();
            failing.add(holder);
            holder = best();
            block = ask();
            read(target, at);
        }
    }

    private void read(float[] target, int at) throws InterruptedException {
        ExchangeTimeout limit = hasAlternative() ? timeout.withAlternative() : timeout;
        try {
            long start = System.nanoTime();
            ManagedBuffer bytes = block.get(limit.nanos(), TimeUnit.NANOSECONDS);
            waited.add(System.nanoTime() - start);
            blocks.read(number, slice, bytes, holder, target, at);
        } catch (TimeoutException still) {
            throw new BlockLostException(
                    "Block " + blocks.id(number) + " did not come from " + RawBlocks.place(holder) + " in "
                            + Math.round(limit.seconds()) + " s",
                    still);
        } catch (ExecutionException | UncheckedIOException failed) {
            throw new BlockLostException(
                    "Block " + blocks.id(number) + " could not be fetched from " + RawBlocks.place(holder) + ": "
                            + String.valueOf(failed.getCause())
                                    .lines()
                                    .findFirst()
                                    .orElse(""),
                    failed.getCause());
        }
    }

    private boolean hasAlternative() {
        return blocks.holders().get(number).stream()
                .anyMatch(other -> !other.equals(holder) && !failing.contains(other));
    }

    /** Gives it up, whether it has come or is still to come. */
    @Override
    public void close() {
        if (!block.cancel(false) && !block.isCompletedExceptionally()) {
            block.join().release();
        }
    }
}
