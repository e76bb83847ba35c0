package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The emulated driver and NVRTC: what they compute, and what they refuse like the real ones. */
class TestGpuEmulator extends EmulatorTest {
    @Test
    void blocksSumThroughShufflesAndSharedMemory() {
        int n = 10_000;
        int blocks = (n + 255) / 256;
        float[] x = random(n);
        long sums = emulator.allocate(4L * blocks);
        assertThat(launch("block_sum", blocks, 256, emulator.upload(x), sums, n))
                .isZero();
        float[] got = emulator.download(sums, blocks);
        for (int b = 0; b < blocks; b++) {
            double want = 0;
            for (int i = b * 256; i < Math.min(n, (b + 1) * 256); i++) {
                want += x[i];
            }
            assertThat(got[b]).isCloseTo((float) want, offset(1e-4f));
        }
    }

    @Test
    void aGridStrideLoopCopiesSixteenBytesAtATime() {
        float[] x = random(4 * 12_345);
        long y = emulator.allocate(4L * x.length);
        assertThat(launch("copy4", 7, 96, emulator.upload(x), y, x.length / 4L)).isZero();
        assertThat(emulator.download(y, x.length)).isEqualTo(x);
    }

    @Test
    void conversionToBfloat16RoundsToTheNearestAndKeepsNaN() {
        float half = Math.scalb(1f, -8);
        float[] x = {
            1, 1 + half, 1 + 3 * half, 1 + half + Math.ulp(1f), Float.NaN, Float.POSITIVE_INFINITY, -0f, Float.MAX_VALUE
        };
        float[] want = {
            1, 1, 1 + 4 * half, 1 + 2 * half, Float.NaN, Float.POSITIVE_INFINITY, -0f, Float.POSITIVE_INFINITY
        };
        long y = emulator.allocate(4L * x.length);
        assertThat(launch("round_to_bf16", 1, 32, emulator.upload(x), y, x.length))
                .isZero();
        assertThat(emulator.download(y, x.length)).isEqualTo(want);
    }

    @Test
    void warpOperationsSeeOnlyActiveLanes() {
        long out = emulator.allocate(4L * 8);
        assertThat(launch("lanes", 1, 8, out)).isZero();
        float[] bits = emulator.download(out, 8);
        for (int lane = 0; lane < 7; lane++) {
            assertThat(Float.floatToRawIntBits(bits[lane])).isEqualTo(lane + 1);
        }
        // A missing lane's value is all ones: 0b10101010 was every lane's ballot.
        assertThat(Float.floatToRawIntBits(bits[7])).isEqualTo(-1 - 0b10101010);
    }

    @Test
    void atomicAdditionsOfAllBlocksAreSummed() {
        long at = emulator.upload(0f);
        assertThat(launch("count", 500, 128, at)).isZero();
        assertThat(Float.floatToRawIntBits(emulator.download(at, 1)[0])).isEqualTo(64_000);
    }

    @Test
    void uninitialisedMemoryIsNaN() {
        long out = emulator.allocate(4L * 33);
        assertThat(launch("read_shared", 1, 32, out, 1)).isZero();
        assertThat(emulator.download(out, 1)).containsExactly(1);
        assertThat(launch("read_shared", 1, 32, out, 0)).isZero();
        for (float value : emulator.download(out, 33)) {
            assertThat(value).isNaN();
        }
    }

    @Test
    void missingBarrierIsDetected() {
        float[] x = random(2 * 64);
        float[] want = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            want[i] = x[i / 64 * 64 + 63 - i % 64];
        }
        long right = emulator.upload(x);
        assertThat(launch("reverse", 2, 64, right, 1)).isZero();
        assertThat(emulator.download(right, x.length)).isEqualTo(want);
        long wrong = emulator.upload(x);
        assertThat(launch("reverse", 2, 64, wrong, 0)).isZero();
        assertThat(emulator.download(wrong, x.length)).isNotEqualTo(want);
    }

    @Test
    void deadlockIsAnErrorWithTheKernelsName() {
        assertThat(launch("half_a_barrier", 1, 32)).isZero();
        assertThat(emulator.status("cuStreamSynchronize", stream)).isEqualTo(LAUNCH_FAILED);
        assertThat(emulator.fault()).contains("half_a_barrier", "wait for each other");
    }

    @Test
    void invalidAccessIsAnErrorUntilContextReset() {
        long x = emulator.allocate(4);
        assertThat(launch("write_at", 1, 1, x, 1L << 20)).isZero();
        assertThat(emulator.status("cuStreamSynchronize", stream)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(emulator.status("cuMemAlloc_v2", new Memory(8), 4L)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(emulator.fault()).contains("write_at", "allocation of 4", "block 0,0,0");
        emulator.call("cuDevicePrimaryCtxReset_v2", 0);
        emulator.call("cuStreamSynchronize", stream);
        assertThat(emulator.used()).isZero();
    }

    @Test
    void writeAfterAllocationIsDetected() {
        long x = emulator.allocate(4 * 5);
        assertThat(launch("write_at", 1, 1, x, 4L)).isZero();
        emulator.call("cuStreamSynchronize", stream);
        assertThat(launch("write_at", 1, 1, x, 5L)).isZero();
        assertThat(emulator.status("cuStreamSynchronize", stream)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(emulator.fault()).contains("write_at", "allocation of 20 bytes");
    }

    @Test
    void jvmFaultsAreNotIntercepted() {
        assertThat(launch("count", 1, 1, emulator.upload(0f))).isZero();
        int caught = 0;
        int[][] rows = {{1}, null};
        for (int i = 0; i < 200_000; i++) { // enough for the compiler, whose null checks raise faults
            try {
                caught -= rows[i % 20_000 == 0 ? 1 : 0][0] - 1;
            } catch (NullPointerException e) {
                caught++;
            }
        }
        assertThat(caught).isEqualTo(10);
    }

    @Test
    void impossibleLaunchIsRefused() {
        long at = emulator.upload(0f);
        assertThat(launch("count", 1, 1025, at)).isEqualTo(1);
        assertThat(launch("count", 0, 1, at)).isEqualTo(1);
        assertThat(launch("block_sum", 1, 512, at, at, 1)).isEqualTo(701); // __launch_bounds__(256)
        assertThat(kernel("not_extern_c")).isNull();
        assertThat(kernel("nothing")).isNull();
    }

    @Test
    void compileErrorLogNamesTheLine() {
        Compiled compiled = compile("__global__ void f() {}\nint x = nowhere;\n", "--gpu-architecture=sm_90");
        assertThat(compiled.status()).isEqualTo(6);
        assertThat(compiled.log()).contains("kernels.cu:2", "nowhere");
        assertThat(compile("", "--no-such-option").status()).isEqualTo(5);
    }

    @Test
    void definitionsArriveAndOnlyARealArchitectureHasACubin() {
        String text = "#if A != 3\n#error A\n#endif\n";
        assertThat(compile(text, "--gpu-architecture=sm_90", "-DA=3").cubin()).isNotNull();
        Compiled virtual = compile(text, "--gpu-architecture=compute_90", "-DA=3");
        assertThat(virtual.status()).isZero();
        assertThat(virtual.cubin()).isNull();
    }

    @Test
    void memoryIsLimited() {
        emulator.set("memory", 1 << 20);
        long max = emulator.allocate(1 << 20);
        assertThat(emulator.status("cuMemAlloc_v2", new Memory(8), 1L)).isEqualTo(OUT_OF_MEMORY);
        Memory free = new Memory(8);
        Memory total = new Memory(8);
        emulator.call("cuMemGetInfo_v2", free, total);
        assertThat(free.getLong(0)).isZero();
        assertThat(total.getLong(0)).isEqualTo(1 << 20);
        emulator.call("cuMemFree_v2", max);
        assertThat(emulator.used()).isZero();
        emulator.call("cuMemFree_v2", emulator.allocate(1));
    }

    @Test
    void failuresCanBeInjected() {
        emulator.fail("cuMemAlloc_v2", 2, OUT_OF_MEMORY);
        emulator.allocate(1);
        assertThatThrownBy(() -> emulator.allocate(1)).hasMessageContaining("cuMemAlloc_v2 returned 2");
        emulator.allocate(1);
        assertThat(emulator.calls("cuMemAlloc_v2")).isEqualTo(3);
        assertThat(GpuEmulator.orSkip().calls("cuMemAlloc_v2")).isZero();
    }

    @Test
    void allFourLibraryNamesLoadTheEmulator() {
        Path directory = GpuEmulator.directory().orElseThrow();
        for (String[] call :
                new String[][] {{"libcuda.so.1", "cuDriverGetVersion"}, {"libcublas.so.13", "cublasGetVersion_v2"}}) {
            NativeLibrary library =
                    NativeLibrary.getInstance(directory.resolve(call[0]).toString());
            Memory version = new Memory(4);
            assertThat(library.getFunction(call[1]).invokeInt(new Object[] {version, version}))
                    .isZero();
            assertThat(emulator.calls(call[1])).isEqualTo(1);
            assertThat(version.getInt(0)).isGreaterThanOrEqualTo(13000);
        }
        assertThat(directory.resolve("libcudnn.so.9")).isSymbolicLink();
        assertThat(directory.resolve("libnvrtc.so.13")).isSymbolicLink();
    }

    @Test
    void driverMayHaveNoDevice() {
        emulator.set("devices", 0);
        assertThat(emulator.status("cuInit", 0)).isEqualTo(100);
        emulator.set("devices", 1);
        assertThatThrownBy(() -> emulator.set("devises", 0)).hasMessageContaining("softcard_set returned 1");
    }

    @Test
    void threadWithoutContextIsRefused() throws InterruptedException {
        int[] status = new int[1];
        Thread other = new Thread(() -> status[0] = emulator.status("cuMemAlloc_v2", new Memory(8), 4L));
        other.start();
        other.join();
        assertThat(status[0]).isEqualTo(201);
    }
}
