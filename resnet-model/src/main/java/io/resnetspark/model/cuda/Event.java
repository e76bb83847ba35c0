package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.PointerByReference;

/** A point in a stream's work, to wait for or to time. */
public final class Event implements AutoCloseable {
    private final CudaLibrary driver;
    private final Pointer handle;

    Event(CudaLibrary driver) {
        this.driver = driver;
        PointerByReference event = new PointerByReference();
        driver.call("cuEventCreate", event, 0);
        handle = event.getValue();
    }

    Pointer handle() {
        return handle;
    }

    /** Waits until the device has reached it; returns at once if it was never recorded. */
    public void synchronize() {
        driver.call("cuEventSynchronize", handle);
    }

    /** Milliseconds on the device from this event to a later one, after both were reached. */
    public float millisecondsTo(Event later) {
        FloatByReference milliseconds = new FloatByReference();
        driver.call("cuEventElapsedTime", milliseconds, handle, later.handle);
        return milliseconds.getValue();
    }

    @Override
    public void close() {
        driver.call("cuEventDestroy_v2", handle);
    }
}
