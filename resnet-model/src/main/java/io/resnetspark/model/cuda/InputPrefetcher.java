package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Brings minibatches to a GPU on a stream of its own: while a step computes, the next one's input is on its way. Two are
 * under way at most; who brings a third waits.
 */
final class InputPrefetcher implements AutoCloseable {
    private final Stream main;
    private final Stream copies;
    private final StagingBuffer[] stagingBuffers = new StagingBuffer[2];
    private int turn;

    InputPrefetcher(Stream main) {
        this.main = main;
        this.copies = main.device().stream();
        for (int i = 0; i < stagingBuffers.length; i++) {
            stagingBuffers[i] = new StagingBuffer();
        }
    }

    /** An empty one, as soon as the device is done with what was in it. */
    StagingBuffer next(long bytes) {
        StagingBuffer staging = stagingBuffers[turn];
        turn = (turn + 1) % stagingBuffers.length;
        staging.consumed.synchronize();
        staging.require(padded(bytes));
        return staging;
    }

    /**
     * What a program reads of a crate.
     *
     * @param at where it lies in the crate
     */
    record PendingCopy(long at, Buffer to, long bytes) {}

    /** The input of one step: pinned memory and as much on the device. */
    final class StagingBuffer {
        private final Event arrived = main.event();
        private final Event consumed = main.event();
        private PinnedMemory host;
        private long device;
        private long used;

        private void require(long bytes) {
            used = 0;
            if (host == null || host.bytes() < bytes) {
                free();
                device = main.device().allocate(bytes); // either may fail, and is then tried again
                host = main.device().pinned(bytes);
            }
        }

        /** @return where it lies in the crate */
        long put(INDArray floats) {
            long bytes = floats.length() * Float.BYTES;
            // ND4J's own address leaves out the offset of a view.
            long address = floats.data().address() + floats.offset() * Float.BYTES;
            reserve(bytes).put(new Pointer(address).getByteBuffer(0, bytes));
            return advance(bytes);
        }

        long put(byte... values) {
            reserve(values.length).put(values);
            return advance(values.length);
        }

        long put(float... values) {
            reserve((long) values.length * Float.BYTES).asFloatBuffer().put(values);
            return advance((long) values.length * Float.BYTES);
        }

        private ByteBuffer reserve(long bytes) {
            return host.buffer(used, bytes);
        }

        private long advance(long bytes) {
            long at = used;
            used += padded(bytes);
            return at;
        }

        /** On its way; what is asked of the main stream from now on waits for it. */
        void send() {
            copies.copyToDevice(device, host, 0, used);
            copies.record(arrived);
            main.await(arrived);
        }

        /** To where a program reads it. */
        void copyTo(long at, long to, long bytes) {
            main.copy(to, device + at, bytes);
        }

        /** After the last delivery. */
        void markConsumed() {
            main.record(consumed);
        }

        private void free() {
            if (host != null) {
                host.close();
                host = null;
            }
            if (device != 0) {
                main.device().free(device);
                device = 0;
            }
        }
    }

    /** What something takes in a crate. */
    static long padded(long bytes) {
        return (bytes + 255) / 256 * 256;
    }

    @Override
    public void close() {
        for (StagingBuffer staging : stagingBuffers) {
            staging.consumed.synchronize();
            staging.free();
            staging.arrived.close();
            staging.consumed.close();
        }
    }
}
