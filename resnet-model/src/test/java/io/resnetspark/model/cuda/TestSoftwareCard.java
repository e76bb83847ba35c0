package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The driver's and NVRTC's part of the software card: what it computes, and what it refuses as a real one does. */
class TestSoftwareCard {
    private static final int OUT_OF_MEMORY = 2;
    private static final int NOT_FOUND = 500;
    private static final int ILLEGAL_ADDRESS = 700;
    private static final int LAUNCH_FAILED = 719;
    private static final int CAPTURE_UNSUPPORTED = 900;
    private static final int CAPTURE_INVALIDATED = 901;
    private static final int CAPTURE_UNJOINED = 904;
    private static final int THREAD_LOCAL = 1;

    private static final String KERNELS = """
            typedef unsigned short u16;
            typedef unsigned int u32;
            __device__ __forceinline__ float warp_sum(float s) {
              for (int o = 16; o; o >>= 1) s += __shfl_xor_sync(~0u, s, o);
              return s;
            }
            // The sum of each block's stretch of x.
            extern "C" __global__ void __launch_bounds__(256) block_sum(const float* x, float* sums, int n) {
              __shared__ float partial[8];
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              float s = warp_sum(i < n ? x[i] : 0.f);
              if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = s;
              __syncthreads();
              if (threadIdx.x >= 32) return;
              s = warp_sum(threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0.f);
              if (threadIdx.x == 0) sums[blockIdx.x] = s;
            }
            extern "C" __global__ void copy4(const uint4* x, uint4* y, size_t n) {
              size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x;
              for (; i < n; i += (size_t)gridDim.x * blockDim.x) y[i] = x[i];
            }
            __device__ u16 to_bf16(float x) {
            #ifdef __CUDA_ARCH__
              u32 d; asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(0.f), "f"(x)); return (u16)d;
            #else
              u32 b = __float_as_uint(x);
              return x != x ? 0x7fff : (u16)((b + 0x7fff + (b >> 16 & 1)) >> 16);
            #endif
            }
            extern "C" __global__ void round_to_bf16(const float* x, float* y, int n) {
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              if (i < n) y[i] = __uint_as_float((u32)to_bf16(x[i]) << 16);
            }
            extern "C" __global__ void scale(float* x, float by, int n) {
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              if (i < n) x[i] = x[i] * by;
            }
            extern "C" __global__ void add(float* x, const float* y, int n) {
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              if (i < n) x[i] += y[i];
            }
            // Each row of 64 the other way round, with a barrier or, wrongly, without.
            extern "C" __global__ void reverse(float* x, int barrier) {
              __shared__ float row[64];
              row[threadIdx.x] = x[blockIdx.x * 64 + threadIdx.x];
              if (barrier) __syncthreads();
              x[blockIdx.x * 64 + threadIdx.x] = row[63 - threadIdx.x];
            }
            extern "C" __global__ void count(int* at) { atomicAdd(at, 1); }
            extern "C" __global__ void lanes(unsigned* out) {
              unsigned odd = __ballot_sync(~0u, threadIdx.x & 1);
              out[threadIdx.x] = __shfl_down_sync(~0u, odd + threadIdx.x, 1) - __shfl_sync(~0u, odd, 7);
            }
            extern "C" __global__ void half_a_barrier() { if (threadIdx.x < 16) __syncthreads(); else __syncwarp(); }
            extern "C" __global__ void write_at(float* x, long i) { x[i] = 1; }
            extern "C" __global__ void read_shared(float* out, int write) {
              __shared__ float shared[32];
              if (write) shared[threadIdx.x] = write;
              out[threadIdx.x] = shared[threadIdx.x];
            }
            __global__ void not_extern_c() {}
            """;

    private final SoftwareCard card = SoftwareCard.orSkip();
    private Pointer stream;

    @BeforeEach
    void open() {
        card.call("cuInit", 0);
        Memory out = new Memory(8);
        card.call("cuDevicePrimaryCtxRetain", out, 0);
        card.call("cuCtxSetCurrent", out.getPointer(0));
        card.call("cuDevicePrimaryCtxReset_v2", 0); // others of this JVM may hold the context, with memory
        stream = create("cuStreamCreate");
    }

    @AfterEach
    void close() {
        card.call("cuDevicePrimaryCtxRelease_v2", 0);
    }

    private Pointer create(String function) {
        Memory out = new Memory(8);
        card.call(function, out, 1);
        return out.getPointer(0);
    }

    /** What NVRTC says; the cubin is null if there is none. */
    private record Compiled(int status, String log, Memory cubin) {}

    private Compiled compile(String text, String... options) {
        Memory program = new Memory(8);
        Memory size = new Memory(8);
        card.call("nvrtcCreateProgram", program, text, "kernels.cu", 0, null, null);
        int status =
                card.status("nvrtcCompileProgram", program.getPointer(0), options.length, new StringArray(options));
        card.call("nvrtcGetProgramLogSize", program.getPointer(0), size);
        Memory log = new Memory(size.getLong(0));
        card.call("nvrtcGetProgramLog", program.getPointer(0), log);
        card.call("nvrtcGetCUBINSize", program.getPointer(0), size);
        Memory cubin = size.getLong(0) == 0 ? null : new Memory(size.getLong(0));
        if (cubin != null) {
            card.call("nvrtcGetCUBIN", program.getPointer(0), cubin);
        }
        card.call("nvrtcDestroyProgram", program);
        return new Compiled(status, log.getString(0), cubin);
    }

    private static Memory kernels;
    private Pointer module;

    private Pointer kernel(String name) {
        if (kernels == null) {
            Compiled compiled = compile(KERNELS, "--gpu-architecture=sm_90", "--std=c++17");
            assertThat(compiled.log).isEmpty();
            kernels = compiled.cubin;
        }
        Memory out = new Memory(8);
        if (module == null) {
            card.call("cuModuleLoadData", out, kernels);
            module = out.getPointer(0);
        }
        int status = card.status("cuModuleGetFunction", out, module, name);
        assertThat(status).isIn(0, NOT_FOUND);
        return status == 0 ? out.getPointer(0) : null;
    }

    /** Arguments are Long, Integer or Float. */
    private int launch(String name, int blocks, int threads, Object... arguments) {
        Memory values = new Memory(8L * Math.max(1, arguments.length));
        Memory addresses = new Memory(values.size());
        for (int i = 0; i < arguments.length; i++) {
            addresses.setPointer(8L * i, values.share(8L * i));
            if (arguments[i] instanceof Long l) {
                values.setLong(8L * i, l);
            } else if (arguments[i] instanceof Integer n) {
                values.setInt(8L * i, n);
            } else {
                values.setFloat(8L * i, (Float) arguments[i]);
            }
        }
        int status =
                card.status("cuLaunchKernel", kernel(name), blocks, 1, 1, threads, 1, 1, 0, stream, addresses, null);
        values.clear(); // the driver has copied them
        return status;
    }

    private static float[] random(int count) {
        Random random = new Random(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

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
        assertThat(compiled.status).isEqualTo(6);
        assertThat(compiled.log).contains("kernels.cu:2", "nowhere");
        assertThat(compile("", "--no-such-option").status).isEqualTo(5);
    }

    @Test
    void definitionsArriveAndOnlyARealArchitectureHasACubin() {
        String text = "#if A != 3\n#error A\n#endif\n";
        assertThat(compile(text, "--gpu-architecture=sm_90", "-DA=3").cubin).isNotNull();
        Compiled virtual = compile(text, "--gpu-architecture=compute_90", "-DA=3");
        assertThat(virtual.status).isZero();
        assertThat(virtual.cubin).isNull();
    }

    @Test
    void memoryEnds() {
        card.set("memory", 1 << 20);
        long most = card.allocate(1 << 20);
        assertThat(card.status("cuMemAlloc_v2", new Memory(8), 1L)).isEqualTo(OUT_OF_MEMORY);
        Memory free = new Memory(8);
        Memory total = new Memory(8);
        card.call("cuMemGetInfo_v2", free, total);
        assertThat(free.getLong(0)).isZero();
        assertThat(total.getLong(0)).isEqualTo(1 << 20);
        card.call("cuMemFree_v2", most);
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

    private void begin() {
        kernel("scale"); // a module cannot be loaded under capture
        card.call("cuStreamBeginCapture_v2", stream, THREAD_LOCAL);
    }

    private int end(Memory graph) {
        return card.status("cuStreamEndCapture", stream, graph);
    }

    private Pointer executable(Memory graph) {
        Memory out = new Memory(8);
        card.call("cuGraphInstantiateWithFlags", out, graph.getPointer(0), 0L);
        card.call("cuGraphDestroy", graph.getPointer(0));
        return out.getPointer(0);
    }

    private long nodes(Memory graph) {
        Memory count = new Memory(8);
        card.call("cuGraphGetNodes", graph.getPointer(0), null, count);
        return count.getLong(0);
    }

    @Test
    void aGraphRunsWhatWasCapturedWithTheArgumentsOfThen() {
        long x = card.upload(1, 2, 3);
        long y = card.allocate(12);
        Memory graph = new Memory(8);
        begin();
        assertThat(launch("scale", 1, 32, x, 2f, 3)).isZero();
        card.call("cuMemcpyDtoDAsync_v2", y, x, 12L, stream);
        assertThat(launch("scale", 1, 32, y, 10f, 3)).isZero();
        assertThat(end(graph)).isZero();
        assertThat(card.download(x, 3)).as("nothing has run").containsExactly(1, 2, 3);
        assertThat(nodes(graph)).isEqualTo(3);
        Pointer executable = executable(graph);
        card.call("cuGraphLaunch", executable, stream);
        assertThat(card.download(y, 3)).containsExactly(20, 40, 60);
        card.call("cuGraphLaunch", executable, stream);
        assertThat(card.download(y, 3)).containsExactly(40, 80, 120);
        card.call("cuGraphExecDestroy", executable);
    }

    @Test
    void captureRefusesWhatAllocatesOrWaitsAndIsLost() {
        Memory graph = new Memory(8);
        begin();
        assertThat(card.status("cuMemAlloc_v2", new Memory(8), 4L)).isEqualTo(CAPTURE_UNSUPPORTED);
        assertThat(card.status("cuMemsetD8Async", 0L, (byte) 0, 0L, stream)).isNotZero();
        assertThat(end(graph)).isEqualTo(CAPTURE_INVALIDATED);
        begin();
        assertThat(card.status("cuStreamSynchronize", stream)).isEqualTo(CAPTURE_UNSUPPORTED);
        assertThat(end(graph)).isEqualTo(CAPTURE_INVALIDATED);
        assertThat(graph.getPointer(0)).isNull();
        begin();
        assertThat(end(graph)).as("the next capture is not broken").isZero();
        assertThat(card.status("cuStreamBeginCapture_v2", null, THREAD_LOCAL)).isEqualTo(CAPTURE_UNSUPPORTED);
    }

    private void order(Pointer from, Pointer to) {
        Pointer event = create("cuEventCreate");
        card.call("cuEventRecord", event, from);
        card.call("cuStreamWaitEvent", to, event, 0);
    }

    @Test
    void aSecondStreamJoinsThroughAnEventAndMustBeJoinedBack() {
        Pointer side = create("cuStreamCreate");
        Pointer main = stream;
        Memory graph = new Memory(8);
        long x = card.upload(1);
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
        assertThat(card.download(x, 1)).containsExactly(1);
    }

    @Test
    void aWaitThatWasForgottenGivesTwoResults() {
        Pointer side = create("cuStreamCreate");
        Pointer main = stream;
        long x = card.allocate(4);
        long y = card.allocate(4);
        for (boolean wait : new boolean[] {true, false}) {
            Memory graph = new Memory(8);
            begin();
            card.call("cuMemsetD8Async", y, (byte) 0, 4L, main);
            order(main, side);
            card.call("cuMemsetD32Async", x, Float.floatToRawIntBits(1), 1L, main);
            if (wait) {
                order(main, side);
            }
            stream = side;
            assertThat(launch("add", 1, 1, y, x, 1)).isZero();
            stream = main;
            order(side, main);
            card.call("cuMemsetD32Async", x, Float.floatToRawIntBits(7), 1L, main);
            assertThat(end(graph)).isZero();
            Pointer executable = executable(graph);
            float[] results = new float[4];
            for (int i = 0; i < results.length; i++) {
                card.call("cuGraphLaunch", executable, main);
                results[i] = card.download(y, 1)[0];
            }
            assertThat(results).isEqualTo(wait ? new float[] {1, 1, 1, 1} : new float[] {1, 7, 1, 7});
        }
    }
}
