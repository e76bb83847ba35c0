package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.Slicing.Slice;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.shuffle.BlockFetchingListener;
import org.apache.spark.storage.BlockManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A slice on its way from one of those who have it. Asked for, taken and given up by the same thread. */
final class Arrival implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Arrival.class);

    private final RawBlocks from;
    private final int number;
    private final Slice slice;
    private final LongAdder waited;
    private CompletableFuture<ManagedBuffer> block;

    /**
     * Asks for it.
     *
     * @param waited counts the nanoseconds for which it is waited for
     */
    Arrival(RawBlocks from, int number, Slice slice, LongAdder waited) {
        this.from = from;
        this.number = number;
        this.slice = slice;
        this.waited = waited;
        this.block = ask(from, number);
    }

    private static CompletableFuture<ManagedBuffer> ask(RawBlocks from, int number) {
        CompletableFuture<ManagedBuffer> block = new CompletableFuture<>();
        BlockManager blocks = SparkEnv.get().blockManager();
        if (from.where().equals(blocks.blockManagerId())) {
            try {
                block.complete(blocks.getLocalBlockData(from.id(number)));
            } catch (Exception missing) { // Scala declares none
                block.completeExceptionally(missing);
            }
            return block;
        }
        blocks.blockTransferService()
                .fetchBlocks(
                        from.where().host(),
                        from.where().port(),
                        from.where().executorId(),
                        new String[] {from.id(number).name()},
                        new BlockFetchingListener() {
                            @Override
                            public void onBlockFetchSuccess(String id, ManagedBuffer bytes) {
                                bytes.retain();
                                if (!block.complete(bytes)) {
                                    bytes.release();
                                }
                            }

                            @Override
                            public void onBlockFetchFailure(String id, Throwable failure) {
                                block.completeExceptionally(failure);
                            }
                        },
                        null);
        return block;
    }

    /**
     * Waits for it, and writes it into an array from {@code at} on. What came otherwise than it was sent is asked for
     * once more.
     *
     * @throws LostBlockException if it is not to be had
     */
    void into(float[] target, int at) throws InterruptedException {
        try {
            read(target, at);
        } catch (LostBlockException wrong) {
            LOG.warn("{}; it is asked for again", wrong.getMessage());
            close();
            block = ask(from, number);
            read(target, at);
        }
    }

    private void read(float[] target, int at) throws InterruptedException {
        try {
            long start = System.nanoTime();
            ManagedBuffer bytes = block.get();
            waited.add(System.nanoTime() - start);
            from.read(number, slice, bytes, target, at);
        } catch (ExecutionException | UncheckedIOException failed) {
            throw new LostBlockException(
                    "Block " + from.id(number) + " could not be fetched from " + from.place() + ": "
                            + String.valueOf(failed.getCause())
                                    .lines()
                                    .findFirst()
                                    .orElse(""),
                    failed.getCause());
        }
    }

    /** Gives it up, whether it has come or is still to come. */
    @Override
    public void close() {
        if (!block.cancel(false) && !block.isCompletedExceptionally()) {
            block.join().release();
        }
    }
}
