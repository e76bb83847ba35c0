package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Emulated CUDA graphs, replayed in every order that a real GPU may choose. */
class TestEmulatedGraphs extends EmulatorTest {
    private void begin() {
        kernel("scale"); // a module cannot be loaded during capture
        emulator.call("cuStreamBeginCapture_v2", stream, THREAD_LOCAL);
    }

    private int end(Memory graph) {
        return emulator.status("cuStreamEndCapture", stream, graph);
    }

    private Pointer executable(Memory graph) {
        Memory out = new Memory(8);
        emulator.call("cuGraphInstantiateWithFlags", out, graph.getPointer(0), 0L);
        emulator.call("cuGraphDestroy", graph.getPointer(0));
        return out.getPointer(0);
    }

    private long nodes(Memory graph) {
        Memory count = new Memory(8);
        emulator.call("cuGraphGetNodes", graph.getPointer(0), null, count);
        return count.getLong(0);
    }

    @Test
    void graphReplaysCapturedArguments() {
        long x = emulator.upload(1, 2, 3);
        long y = emulator.allocate(12);
        Memory graph = new Memory(8);
        begin();
        assertThat(launch("scale", 1, 32, x, 2f, 3)).isZero();
        emulator.call("cuMemcpyDtoDAsync_v2", y, x, 12L, stream);
        assertThat(launch("scale", 1, 32, y, 10f, 3)).isZero();
        assertThat(end(graph)).isZero();
        assertThat(emulator.download(x, 3)).as("nothing has run").containsExactly(1, 2, 3);
        assertThat(nodes(graph)).isEqualTo(3);
        Pointer executable = executable(graph);
        emulator.call("cuGraphLaunch", executable, stream);
        assertThat(emulator.download(y, 3)).containsExactly(20, 40, 60);
        emulator.call("cuGraphLaunch", executable, stream);
        assertThat(emulator.download(y, 3)).containsExactly(40, 80, 120);
        emulator.call("cuGraphExecDestroy", executable);
    }

    @Test
    void captureRefusesAllocationAndSynchronization() {
        Memory graph = new Memory(8);
        begin();
        assertThat(emulator.status("cuMemAlloc_v2", new Memory(8), 4L)).isEqualTo(CAPTURE_UNSUPPORTED);
        assertThat(emulator.status("cuMemsetD8Async", 0L, (byte) 0, 0L, stream)).isNotZero();
        assertThat(end(graph)).isEqualTo(CAPTURE_INVALIDATED);
        begin();
        assertThat(emulator.status("cuStreamSynchronize", stream)).isEqualTo(CAPTURE_UNSUPPORTED);
        assertThat(end(graph)).isEqualTo(CAPTURE_INVALIDATED);
        assertThat(graph.getPointer(0)).isNull();
        begin();
        assertThat(end(graph)).as("the next capture is not broken").isZero();
        assertThat(emulator.status("cuStreamBeginCapture_v2", null, THREAD_LOCAL))
                .isEqualTo(CAPTURE_UNSUPPORTED);
    }

    /** As on a GPU, whatever the capture's mode is (NVIDIA/TensorRT issue 2888). */
    @Test
    void anotherThreadsSynchronizationBreaksACapture() throws Exception {
        Memory graph = new Memory(8);
        Pointer context = current();
        begin();
        AtomicInteger status = new AtomicInteger();
        Thread other = new Thread(() -> {
            emulator.call("cuCtxSetCurrent", context);
            status.set(emulator.status("cuCtxSynchronize"));
        });
        other.start();
        other.join();
        assertThat(status).hasValue(CAPTURE_UNSUPPORTED);
        assertThat(end(graph)).isEqualTo(CAPTURE_INVALIDATED);
    }

    private Pointer current() {
        Memory context = new Memory(8);
        emulator.call("cuCtxGetCurrent", context);
        return context.getPointer(0);
    }

    private void order(Pointer from, Pointer to) {
        Pointer event = create("cuEventCreate");
        emulator.call("cuEventRecord", event, from);
        emulator.call("cuStreamWaitEvent", to, event, 0);
    }

    @Test
    void aSecondStreamJoinsThroughAnEventAndMustBeJoinedBack() {
        Pointer side = create("cuStreamCreate");
        Pointer main = stream;
        Memory graph = new Memory(8);
        long x = emulator.upload(1);
        for (boolean back : new boolean[] {true, false}) {
            begin();
            order(main, side);
            stream = side;
            assertThat(launch("scale", 1, 1, x, 2f, 1)).isZero();
            stream = main;
            if (back) {
                order(side, main);
            }
            assertThat(end(graph)).isEqualTo(back ? 0 : CAPTURE_UNJOINED);
        }
        assertThat(emulator.download(x, 1)).containsExactly(1);
    }

    @Test
    void missingWaitGivesTwoResults() {
        Pointer side = create("cuStreamCreate");
        Pointer main = stream;
        long x = emulator.allocate(4);
        long y = emulator.allocate(4);
        for (boolean wait : new boolean[] {true, false}) {
            Memory graph = new Memory(8);
            begin();
            emulator.call("cuMemsetD8Async", y, (byte) 0, 4L, main);
            order(main, side);
            emulator.call("cuMemsetD32Async", x, Float.floatToRawIntBits(1), 1L, main);
            if (wait) {
                order(main, side);
            }
            stream = side;
            assertThat(launch("add", 1, 1, y, x, 1)).isZero();
            stream = main;
            order(side, main);
            emulator.call("cuMemsetD32Async", x, Float.floatToRawIntBits(7), 1L, main);
            assertThat(end(graph)).isZero();
            Pointer executable = executable(graph);
            float[] results = new float[4];
            for (int i = 0; i < results.length; i++) {
                emulator.call("cuGraphLaunch", executable, main);
                results[i] = emulator.download(y, 1)[0];
            }
            assertThat(results).isEqualTo(wait ? new float[] {1, 1, 1, 1} : new float[] {1, 7, 1, 7});
        }
    }
}
