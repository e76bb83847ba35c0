package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Brings minibatches to a GPU on a stream of its own: while a step computes, the next one's input is on its way. Two are
 * under way at most; who brings a third waits.
 */
final class Feed implements AutoCloseable {
    private final Stream main;
    private final Stream copies;
    private final Crate[] crates = new Crate[2];
    private int turn;

    Feed(Stream main) {
        this.main = main;
        this.copies = main.device().stream();
        for (int i = 0; i < crates.length; i++) {
            crates[i] = new Crate();
        }
    }

    /** An empty one, as soon as the device is done with what was in it. */
    Crate next(long bytes) {
        Crate crate = crates[turn];
        turn = (turn + 1) % crates.length;
        crate.delivered.synchronize();
        crate.require(padded(bytes));
        return crate;
    }

    /**
     * What a program reads of a crate.
     *
     * @param at where it lies in the crate
     */
    record Delivery(long at, Place to, long bytes) {}

    /** The input of one step: pinned memory and as much on the device. */
    final class Crate {
        private final Event arrived = main.event();
        private final Event delivered = main.event();
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
            room(bytes).put(new Pointer(address).getByteBuffer(0, bytes));
            return advance(bytes);
        }

        long put(byte... values) {
            room(values.length).put(values);
            return advance(values.length);
        }

        long put(float... values) {
            room((long) values.length * Float.BYTES).asFloatBuffer().put(values);
            return advance((long) values.length * Float.BYTES);
        }

        private ByteBuffer room(long bytes) {
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
        void deliver(long at, long to, long bytes) {
            main.copy(to, device + at, bytes);
        }

        /** After the last delivery. */
        void done() {
            main.record(delivered);
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
        for (Crate crate : crates) {
            crate.delivered.synchronize();
            crate.free();
            crate.arrived.close();
            crate.delivered.close();
        }
    }
}
