package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Page-locked host memory, which a GPU copies from and to asynchronously. */
public final class PinnedMemory implements AutoCloseable {
    private final CudaLibrary driver;
    private final Pointer address;
    private final long bytes;

    PinnedMemory(CudaLibrary driver, long bytes) {
        this.driver = driver;
        this.bytes = bytes;
        PointerByReference allocated = new PointerByReference();
        driver.call("cuMemAllocHost_v2", allocated, Math.max(bytes, 1));
        address = allocated.getValue();
    }

    Pointer at(long offset) {
        return address.share(offset);
    }

    public long bytes() {
        return bytes;
    }

    /** A part of it, up to 2 GiB, in native byte order. */
    public ByteBuffer buffer(long offset, long length) {
        return address.getByteBuffer(offset, length).order(ByteOrder.nativeOrder());
    }

    public void write(long offset, float[] values, int from, int count) {
        address.write(offset, values, from, count);
    }

    public void read(long offset, float[] values, int from, int count) {
        address.read(offset, values, from, count);
    }

    @Override
    public void close() {
        driver.call("cuMemFreeHost", address);
    }
}
