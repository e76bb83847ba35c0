package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/** A CUDA stream: a GPU's work in the order in which it is enqueued. Calls return at once. */
public final class Stream {
    /** CU_STREAM_NON_BLOCKING: independent of the null stream, which cannot be captured. */
    private static final int NON_BLOCKING = 1;

    /** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may allocate meanwhile. */
    private static final int THREAD_LOCAL = 1;

    private static final int MAX_PARAMETERS = 24;

    private static final int TIMED_RUNS = 4;
    private static final int REPETITIONS = 3;

    private final CudaLibrary driver;
    private final Device device;
    private final Pointer handle;
    private final Memory parameters = new Memory(8 * MAX_PARAMETERS);
    private final Memory addresses = new Memory(8 * MAX_PARAMETERS);

    Stream(Device device) {
        this.device = device;
        this.driver = device.driver();
        PointerByReference stream = new PointerByReference();
        driver.call("cuStreamCreate", stream, NON_BLOCKING);
        handle = stream.getValue();
        for (int i = 0; i < MAX_PARAMETERS; i++) {
            addresses.setPointer(8L * i, parameters.share(8L * i));
        }
    }

    public Device device() {
        return device;
    }

    Pointer handle() {
        return handle;
    }

    public void synchronize() {
        driver.call("cuStreamSynchronize", handle);
    }

    public void copyToDevice(long to, PinnedMemory from, long offset, long bytes) {
        driver.call("cuMemcpyHtoDAsync_v2", to, from.at(offset), bytes, handle);
    }

    public void copyToHost(PinnedMemory to, long offset, long from, long bytes) {
        driver.call("cuMemcpyDtoHAsync_v2", to.at(offset), from, bytes, handle);
    }

    public void copy(long to, long from, long bytes) {
        driver.call("cuMemcpyDtoDAsync_v2", to, from, bytes, handle);
    }

    /** Sets every byte to {@code value}. */
    public void fill(long address, int value, long bytes) {
        driver.call("cuMemsetD8Async", address, (byte) value, bytes, handle);
    }

    /**
     * Launches a kernel; its parameters are copied, also during capture.
     *
     * @param parameters {@code Long} for addresses and size_t, {@code Integer} or {@code Float}
     */
    void launch(Pointer function, Grid grid, Object... parameters) {
        for (int i = 0; i < parameters.length; i++) {
            write(8L * i, parameters[i]);
        }
        driver.call(
                "cuLaunchKernel",
                function,
                grid.blocksAcross(),
                grid.blocksDown(),
                1,
                grid.threadsAcross(),
                grid.threadsDown(),
                1,
                0,
                handle,
                addresses,
                null);
    }

    private void write(long offset, Object parameter) {
        if (parameter instanceof Long value) {
            parameters.setLong(offset, value);
        } else if (parameter instanceof Integer value) {
            parameters.setInt(offset, value);
        } else {
            parameters.setFloat(offset, (Float) parameter);
        }
    }

    public Event event() {
        return new Event(driver);
    }

    public void record(Event event) {
        driver.call("cuEventRecord", event.handle(), handle);
    }

    /** Work enqueued from now on waits for the event; a stream under capture includes this one in its graph. */
    public void await(Event event) {
        driver.call("cuStreamWaitEvent", handle, event.handle(), 0);
    }

    /** Captures the work as a graph instead of running it. All of it must have run once before. */
    CudaGraph capture(Runnable work) {
        PointerByReference graph = new PointerByReference();
        Device.whileNothingIsCaptured(() -> capture(work, graph));
        return new CudaGraph(driver, graph.getValue());
    }

    private void capture(Runnable work, PointerByReference graph) {
        driver.call("cuStreamBeginCapture_v2", handle, THREAD_LOCAL);
        int ended;
        try {
            work.run();
        } finally {
            ended = driver.status("cuStreamEndCapture", handle, graph);
        }
        if (ended != 0) {
            throw new CudaException("cuStreamEndCapture", ended, "something in the step may not be captured");
        }
    }

    /** Milliseconds of a single run, including the host's cost of its calls. */
    float millisecondsOnce(Runnable work) {
        try (Event begin = event();
                Event end = event()) {
            record(begin);
            work.run();
            record(end);
            end.synchronize();
            return begin.millisecondsTo(end);
        }
    }

    /** Milliseconds of a run on the device alone, the fastest of a few; without the host's cost of the calls. */
    float milliseconds(Runnable work) {
        work.run(); // before capture: libraries load and allocate in the first call
        synchronize();
        float min = Float.POSITIVE_INFINITY;
        try (CudaGraph graph = capture(() -> {
                    for (int i = 0; i < TIMED_RUNS; i++) {
                        work.run();
                    }
                });
                Event begin = event();
                Event end = event()) {
            for (int i = 0; i < REPETITIONS; i++) {
                record(begin);
                launch(graph);
                record(end);
                end.synchronize();
                min = Math.min(min, begin.millisecondsTo(end) / TIMED_RUNS);
            }
        }
        return min;
    }

    /** Replays a captured graph. */
    void launch(CudaGraph graph) {
        driver.call("cuGraphLaunch", graph.executable(), handle);
    }
}
