package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.averaging.StateLayout.Vector;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;

/**
 * Floats in block managers, raw: a block for each slice, little-endian, as Spark's block transfer writes them to a socket,
 * and after them a checksum that is of this block alone. This is what others know of them.
 *
 * <p>Spark's master is not told of most blocks; whoever has this object knows where they are. A set of them is removed at
 * once, by Spark's message that a broadcast has ended, whose numbers ours do not meet.
 *
 * @param set number of the set that they belong to
 * @param name within the set
 * @param dtype as what the floats lie there, but for statistics, which are float32
 * @param holders of each slice: whose block managers have it, the first to be asked first
 */
record RawBlocks(long set, String name, Dtype dtype, List<List<BlockManagerId>> holders) implements Serializable {
    /** Spark counts broadcasts from 0. */
    private static final AtomicLong SETS = new AtomicLong(1L << 40);

    private static final int CHUNK = 1 << 17;

    /** That are read at a time: no more bytes than that, whatever the type. */
    private static final int CHUNK_VALUES = CHUNK / Float.BYTES;

    private static final int CHECKSUM = Integer.BYTES;

    /** A number that no set had before, of this driver. */
    static long newSet() {
        return SETS.getAndIncrement();
    }

    /** Of blocks that this process alone has. */
    static RawBlocks here(long set, String name, Dtype dtype, int slices) {
        return new RawBlocks(set, name, dtype, Collections.nCopies(slices, List.of(thisProcess())));
    }

    /**
     * Puts one slice into this process's block manager.
     *
     * @param announced whether Spark's master is told, so that others {@linkplain #found find} it
     * @param live which sets are not over: the memory of others may be used again
     * @throws IllegalStateException if the set itself is over
     * @throws UncheckedIOException if there is no room for it, in memory and on disk
     */
    static void put(long set, LiveBlockSets live, String name, int slice, FloatBlock values, boolean announced) {
        int length = Math.toIntExact(values.bytes());
        byte[] bytes = BlockBufferPool.of(length + CHECKSUM, set, live);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        values.write(buffer);
        BroadcastBlockId id = id(set, name, slice);
        CRC32C sum = checksum(id);
        sum.update(bytes, 0, length);
        buffer.order(ByteOrder.LITTLE_ENDIAN).putInt(length, (int) sum.getValue());
        boolean fits = SparkEnv.get()
                .blockManager()
                .putBytes(
                        id,
                        new ChunkedByteBuffer(chunks(bytes)),
                        StorageLevel.MEMORY_AND_DISK_SER(),
                        announced,
                        ClassTag.Any());
        if (!fits) {
            throw new UncheckedIOException(new IOException("Spark's block manager " + place(thisProcess())
                    + " has no room for slice " + slice + " of " + name
                    + ", neither in memory nor in spark.local.dir"));
        }
    }

    /** Asks Spark's master who has which of the slices that were announced; those that nobody has are not among the answers. */
    static Map<Integer, BlockManagerId> found(long set, String name, List<Integer> slices) {
        BlockId[] ids = slices.stream().map(slice -> id(set, name, slice)).toArray(BlockId[]::new);
        BlockManager blocks = SparkEnv.get().blockManager();
        Map<Integer, BlockManagerId> holders = new HashMap<>();
        int next = 0;
        for (var all : JavaConverters.seqAsJavaList(blocks.master().getLocations(ids))) {
            int slice = slices.get(next++);
            for (BlockManagerId holder : JavaConverters.seqAsJavaList(all)) {
                holders.merge(slice, holder, (a, b) -> b.equals(blocks.blockManagerId()) ? b : a);
            }
        }
        return holders;
    }

    /** Java copies into direct memory what it writes to a socket: a chunk of this length stays in the cache. */
    private static ByteBuffer[] chunks(byte... bytes) {
        ByteBuffer[] chunks = new ByteBuffer[(bytes.length + CHUNK - 1) / CHUNK];
        for (int i = 0; i < chunks.length; i++) {
            int from = i * CHUNK;
            chunks[i] = ByteBuffer.wrap(bytes, from, Math.min(CHUNK, bytes.length - from))
                    .slice();
        }
        return chunks;
    }

    static BlockManagerId thisProcess() {
        return SparkEnv.get().blockManager().blockManagerId();
    }

    /** Begun with the block's name: another block's bytes are not taken for these, though they be whole. */
    private static CRC32C checksum(BroadcastBlockId id) {
        CRC32C sum = new CRC32C();
        sum.update(id.name().getBytes(StandardCharsets.UTF_8));
        return sum;
    }

    private static BroadcastBlockId id(long set, String name, int slice) {
        return new BroadcastBlockId(
                set, "_" + name + "_" + slice); // letters, digits, underscores are what Spark allows
    }

    BroadcastBlockId id(int slice) {
        return id(set, name, slice);
    }

    /** @throws BlockLostException if there is another number of slices than there should be */
    void requireSlices(int number) {
        if (holders.size() != number) {
            throw new BlockLostException(place(holders.get(0).get(0)) + " has cut " + name + " into " + holders.size()
                    + " slices where there are " + number);
        }
    }

    /** Who that is, for a sentence. */
    static String place(BlockManagerId where) {
        return (where.isDriver() ? "the driver" : "executor " + where.executorId()) + " (" + where.hostPort() + ")";
    }

    /**
     * Reads a block that has come.
     *
     * @throws BlockLostException if it is not what was put
     */
    void read(int number, Slice slice, ManagedBuffer block, BlockManagerId from, float[] target, int at) {
        Dtype as = slice.vector() == Vector.STATISTICS ? Dtype.FLOAT32 : dtype;
        long expected = as.bytes(slice.length()) + CHECKSUM;
        if (block.size() != expected) {
            throw new BlockLostException(String.format(
                    "Block %s from %s has %,d bytes where a slice of %,d values has %,d",
                    id(number), place(from), block.size(), slice.length(), expected));
        }
        CRC32C sum = checksum(id(number));
        byte[] chunk = new byte[(int) as.bytes(Math.min(slice.length(), CHUNK_VALUES)) + CHECKSUM];
        try (InputStream in = block.createInputStream()) {
            for (int done = 0; done < slice.length(); done += CHUNK_VALUES) {
                int count = Math.min(CHUNK_VALUES, slice.length() - done);
                int bytes = (int) as.bytes(count);
                in.readNBytes(chunk, 0, bytes);
                sum.update(chunk, 0, bytes);
                as.decode(ByteBuffer.wrap(chunk), count, target, at + done);
            }
            in.readNBytes(chunk, 0, CHECKSUM);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        int told = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if ((int) sum.getValue() != told) {
            throw new BlockLostException(String.format(
                    "Block %s from %s has the checksum %08x where its sender said %08x",
                    id(number), place(from), (int) sum.getValue(), told));
        }
    }

    /** Removes a set, wherever its blocks are. */
    static void release(long set) {
        SparkEnv.get().blockManager().master().removeBroadcast(set, true, false);
    }
}
