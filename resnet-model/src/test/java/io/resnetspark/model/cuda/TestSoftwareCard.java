package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The driver's and NVRTC's part of the software card: what it computes, and what it refuses as a real one does. */
class TestSoftwareCard extends OnSoftwareCard {
    @Test
    void blocksSumThroughShufflesAndSharedMemory() {
        int n = 10_000;
        int blocks = (n + 255) / 256;
        float[] x = random(n);
        long sums = card.allocate(4L * blocks);
        assertThat(launch("block_sum", blocks, 256, card.upload(x), sums, n)).isZero();
        float[] got = card.download(sums, blocks);
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
        long y = card.allocate(4L * x.length);
        assertThat(launch("copy4", 7, 96, card.upload(x), y, x.length / 4L)).isZero();
        assertThat(card.download(y, x.length)).isEqualTo(x);
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
        long y = card.allocate(4L * x.length);
        assertThat(launch("round_to_bf16", 1, 32, card.upload(x), y, x.length)).isZero();
        assertThat(card.download(y, x.length)).isEqualTo(want);
    }

    @Test
    void warpOperationsSeeTheLanesThatThereAre() {
        long out = card.allocate(4L * 8);
        assertThat(launch("lanes", 1, 8, out)).isZero();
        float[] bits = card.download(out, 8);
        for (int lane = 0; lane < 7; lane++) {
            assertThat(Float.floatToRawIntBits(bits[lane])).isEqualTo(lane + 1);
        }
        // The value of a lane that is not there is all ones: 0b10101010 was every lane's ballot.
        assertThat(Float.floatToRawIntBits(bits[7])).isEqualTo(-1 - 0b10101010);
    }

    @Test
    void atomicAdditionsOfAllBlocksArrive() {
        long at = card.upload(0f);
        assertThat(launch("count", 500, 128, at)).isZero();
        assertThat(Float.floatToRawIntBits(card.download(at, 1)[0])).isEqualTo(64_000);
    }

    @Test
    void memoryAndSharedMemoryAreNaNUntilTheyAreWritten() {
        long out = card.allocate(4L * 33);
        assertThat(launch("read_shared", 1, 32, out, 1)).isZero();
        assertThat(card.download(out, 1)).containsExactly(1);
        assertThat(launch("read_shared", 1, 32, out, 0)).isZero();
        for (float value : card.download(out, 33)) {
            assertThat(value).isNaN();
        }
    }

    @Test
    void aBarrierThatWasForgottenShows() {
        float[] x = random(2 * 64);
        float[] want = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            want[i] = x[i / 64 * 64 + 63 - i % 64];
        }
        long right = card.upload(x);
        assertThat(launch("reverse", 2, 64, right, 1)).isZero();
        assertThat(card.download(right, x.length)).isEqualTo(want);
        long wrong = card.upload(x);
        assertThat(launch("reverse", 2, 64, wrong, 0)).isZero();
        assertThat(card.download(wrong, x.length)).isNotEqualTo(want);
    }

    @Test
    void threadsThatWaitForEachOtherAreAnErrorWithTheKernelsName() {
        assertThat(launch("half_a_barrier", 1, 32)).isZero();
        assertThat(card.status("cuStreamSynchronize", stream)).isEqualTo(LAUNCH_FAILED);
        assertThat(card.fault()).contains("half_a_barrier", "wait for each other");
    }

    @Test
    void aWildAccessIsAnErrorThatStaysUntilTheContextIsReset() {
        long x = card.allocate(4);
        assertThat(launch("write_at", 1, 1, x, 1L << 20)).isZero();
        assertThat(card.status("cuStreamSynchronize", stream)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(card.status("cuMemAlloc_v2", new Memory(8), 4L)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(card.fault()).contains("write_at", "allocation of 4", "block 0,0,0");
        card.call("cuDevicePrimaryCtxReset_v2", 0);
        card.call("cuStreamSynchronize", stream);
        assertThat(card.used()).isZero();
    }

    @Test
    void aWriteJustAfterAnAllocationIsFound() {
        long x = card.allocate(4 * 5);
        assertThat(launch("write_at", 1, 1, x, 4L)).isZero();
        card.call("cuStreamSynchronize", stream);
        assertThat(launch("write_at", 1, 1, x, 5L)).isZero();
        assertThat(card.status("cuStreamSynchronize", stream)).isEqualTo(ILLEGAL_ADDRESS);
        assertThat(card.fault()).contains("write_at", "allocation of 20 bytes");
    }

    @Test
    void theVirtualMachinesOwnFaultsAreLeftAlone() {
        assertThat(launch("count", 1, 1, card.upload(0f))).isZero();
        int caught = 0;
        int[][] rows = {{1}, null};
        for (int i = 0; i < 200_000; i++) { // enough for the compiler, whose null checks are faults
            try {
                caught -= rows[i % 20_000 == 0 ? 1 : 0][0] - 1;
            } catch (NullPointerException e) {
                caught++;
            }
        }
        assertThat(caught).isEqualTo(10);
    }

    @Test
    void aLaunchThatNoCardTakesIsRefused() {
        long at = card.upload(0f);
        assertThat(launch("count", 1, 1025, at)).isEqualTo(1);
        assertThat(launch("count", 0, 1, at)).isEqualTo(1);
        assertThat(launch("block_sum", 1, 512, at, at, 1)).isEqualTo(701); // __launch_bounds__(256)
        assertThat(kernel("not_extern_c")).isNull();
        assertThat(kernel("nothing")).isNull();
    }

    @Test
    void aTextThatDoesNotCompileHasALogWithItsLine() {
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
    void memoryEnds() {
        card.set("memory", 1 << 20);
        long max = card.allocate(1 << 20);
        assertThat(card.status("cuMemAlloc_v2", new Memory(8), 1L)).isEqualTo(OUT_OF_MEMORY);
        Memory free = new Memory(8);
        Memory total = new Memory(8);
        card.call("cuMemGetInfo_v2", free, total);
        assertThat(free.getLong(0)).isZero();
        assertThat(total.getLong(0)).isEqualTo(1 << 20);
        card.call("cuMemFree_v2", max);
        assertThat(card.used()).isZero();
        card.call("cuMemFree_v2", card.allocate(1));
    }

    @Test
    void aTestChoosesTheCallThatFails() {
        card.fail("cuMemAlloc_v2", 2, OUT_OF_MEMORY);
        card.allocate(1);
        assertThatThrownBy(() -> card.allocate(1)).hasMessageContaining("cuMemAlloc_v2 returned 2");
        card.allocate(1);
        assertThat(card.calls("cuMemAlloc_v2")).isEqualTo(3);
        assertThat(SoftwareCard.orSkip().calls("cuMemAlloc_v2")).isZero();
    }

    @Test
    void theNamesOfTheFourLibrariesAreThisOne() {
        Path directory = SoftwareCard.directory().orElseThrow();
        for (String[] call :
                new String[][] {{"libcuda.so.1", "cuDriverGetVersion"}, {"libcublas.so.13", "cublasGetVersion_v2"}}) {
            NativeLibrary library =
                    NativeLibrary.getInstance(directory.resolve(call[0]).toString());
            Memory version = new Memory(4);
            assertThat(library.getFunction(call[1]).invokeInt(new Object[] {version, version}))
                    .isZero();
            assertThat(card.calls(call[1])).isEqualTo(1);
            assertThat(version.getInt(0)).isGreaterThanOrEqualTo(13000);
        }
        assertThat(directory.resolve("libcudnn.so.9")).isSymbolicLink();
        assertThat(directory.resolve("libnvrtc.so.13")).isSymbolicLink();
    }

    @Test
    void aMachineMayHaveADriverAndNoCard() {
        card.set("devices", 0);
        assertThat(card.status("cuInit", 0)).isEqualTo(100);
        card.set("devices", 1);
        assertThatThrownBy(() -> card.set("devises", 0)).hasMessageContaining("softcard_set returned 1");
    }

    @Test
    void aThreadWithoutAContextIsRefused() throws InterruptedException {
        int[] status = new int[1];
        Thread other = new Thread(() -> status[0] = card.status("cuMemAlloc_v2", new Memory(8), 4L));
        other.start();
        other.join();
        assertThat(status[0]).isEqualTo(201);
    }
}
