package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Copies minibatches to a GPU on its own stream: while a step computes, the next one's input is transferred. At most
 * two are in flight; the third waits.
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

    /** The next staging buffer; waits until the device has consumed its content. */
    StagingBuffer next(long bytes) {
        StagingBuffer staging = stagingBuffers[turn];
        turn = (turn + 1) % stagingBuffers.length;
        staging.consumed.synchronize();
        staging.require(padded(bytes));
        return staging;
    }

    /**
     * A copy from a staging buffer to a program's buffer.
     *
     * @param at offset in the staging buffer
     */
    record PendingCopy(long at, Buffer to, long bytes) {}

    /** The input of one step: pinned host memory and the same size on the device. */
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

        /** @return the offset in the staging buffer */
        long put(INDArray floats) {
            long bytes = floats.length() * Float.BYTES;
            // ND4J's own address omits the offset of a view.
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

        /** Starts the transfer; later work of the main stream waits for it. */
        void send() {
            copies.copyToDevice(device, host, 0, used);
            copies.record(arrived);
            main.await(arrived);
        }

        /** Copies a part to a program's buffer. */
        void copyTo(long at, long to, long bytes) {
            main.copy(to, device + at, bytes);
        }

        /** Called after the last copy. */
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

    /** The size that a part takes in a staging buffer. */
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
