package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.Slicing.Slice;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.reflect.ClassTag;

/**
 * Somebody's floats, raw, in the block manager of its process: a block for each slice, little-endian, as Spark's block
 * transfer writes them to a socket. This is what others know of them.
 *
 * <p>Spark's master is not told of the blocks; who has this object knows where they are. A set of them goes at once, by
 * Spark's message that a broadcast has ended, whose numbers ours do not meet.
 *
 * @param set number of the set that they go with
 * @param name within the set
 * @param dtype as what the floats lie there
 * @param checksums CRC-32C of each block
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record RawBlocks(BlockManagerId where, long set, String name, Dtype dtype, int... checksums) implements Serializable {
    /** Spark counts broadcasts from 0. */
    private static final AtomicLong SETS = new AtomicLong(1L << 40);

    private static final int CHUNK = 1 << 17;

    /** That are read at a time: no more bytes than that, whatever the type. */
    private static final int CHUNK_VALUES = CHUNK / Float.BYTES;

    /** A number that no set had before, of this driver. */
    static long newSet() {
        return SETS.getAndIncrement();
    }

    /**
     * Puts all slices into this process's block manager.
     *
     * @throws UncheckedIOException if there is no room for them, in memory and on disk
     */
    static RawBlocks put(long set, String name, Slicing slicing, FloatBlock parameters, FloatBlock velocity) {
        int[] checksums = new int[slicing.slices().size()];
        IntStream.range(0, checksums.length).parallel().forEach(i -> {
            Slice slice = slicing.slices().get(i);
            FloatBlock values = slice.velocity() ? velocity : parameters;
            checksums[i] = put(set, name, i, values.slice(slice.from(), slice.to()));
        });
        return new RawBlocks(here(), set, name, parameters.dtype(), checksums);
    }

    /**
     * Puts one slice into this process's block manager.
     *
     * @return its checksum
     * @throws IllegalStateException if the set's round is over
     * @throws UncheckedIOException if there is no room for it, in memory and on disk
     */
    static int put(long set, String name, int slice, FloatBlock values) {
        byte[] bytes = BlockMemory.of(Math.toIntExact(values.bytes()), set);
        values.write(ByteBuffer.wrap(bytes));
        boolean fits = SparkEnv.get()
                .blockManager()
                .putBytes(
                        new BroadcastBlockId(set, field(name, slice)),
                        new ChunkedByteBuffer(chunks(bytes)),
                        StorageLevel.MEMORY_AND_DISK_SER(),
                        false,
                        ClassTag.Any());
        if (!fits) {
            throw new UncheckedIOException(new IOException("Spark's block manager " + here() + " has no room for slice "
                    + slice + " of " + name + ", neither in memory nor in spark.local.dir"));
        }
        return checksum(bytes);
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

    static BlockManagerId here() {
        return SparkEnv.get().blockManager().blockManagerId();
    }

    private static int checksum(byte... bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, bytes.length);
        return (int) sum.getValue();
    }

    /** Letters, digits and underscores are what Spark allows. */
    private static String field(String name, int slice) {
        return "_" + name + "_" + slice;
    }

    BroadcastBlockId id(int slice) {
        return new BroadcastBlockId(set, field(name, slice));
    }

    /** @throws LostBlockException if there is another number of slices than there should be */
    void requireSlices(int number) {
        if (checksums.length != number) {
            throw new LostBlockException(
                    place() + " has cut " + name + " into " + checksums.length + " slices where there are " + number);
        }
    }

    /** Where they are, for a sentence. */
    String place() {
        return (where.isDriver() ? "the driver" : "executor " + where.executorId()) + " (" + where.hostPort() + ")";
    }

    /**
     * Reads a block that has come.
     *
     * @throws LostBlockException if it is not what was put
     */
    void read(int number, Slice slice, ManagedBuffer block, float[] target, int at) {
        long expected = dtype.bytes(slice.length());
        if (block.size() != expected) {
            throw new LostBlockException(String.format(
                    "Block %s from %s has %,d bytes where its sender said %,d",
                    id(number), place(), block.size(), expected));
        }
        CRC32C sum = new CRC32C();
        byte[] chunk = new byte[(int) dtype.bytes(Math.min(slice.length(), CHUNK_VALUES))];
        try (InputStream in = block.createInputStream()) {
            for (int from = 0; from < slice.length(); from += CHUNK_VALUES) {
                int count = Math.min(CHUNK_VALUES, slice.length() - from);
                int bytes = (int) dtype.bytes(count);
                if (in.readNBytes(chunk, 0, bytes) < bytes) {
                    throw new LostBlockException("Block " + id(number) + " from " + place() + " ends too early");
                }
                sum.update(chunk, 0, bytes);
                dtype.decode(ByteBuffer.wrap(chunk), count, target, at + from);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        if ((int) sum.getValue() != checksums[number]) {
            throw new LostBlockException(String.format(
                    "Block %s from %s has the checksum %08x where its sender said %08x",
                    id(number), place(), (int) sum.getValue(), checksums[number]));
        }
    }

    /** Gives up a set, wherever its blocks are. */
    static void release(long set) {
        SparkEnv.get().blockManager().master().removeBroadcast(set, true, false);
    }
}
