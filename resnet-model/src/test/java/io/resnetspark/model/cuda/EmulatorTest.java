package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Base of tests of the GPU emulator: a stream, and kernels compiled for it by NVRTC. */
abstract class EmulatorTest {
    static final int OUT_OF_MEMORY = 2;
    static final int NOT_FOUND = 500;
    static final int ILLEGAL_ADDRESS = 700;
    static final int LAUNCH_FAILED = 719;
    static final int CAPTURE_UNSUPPORTED = 900;
    static final int CAPTURE_INVALIDATED = 901;
    static final int CAPTURE_UNJOINED = 904;
    static final int THREAD_LOCAL = 1;

    static final String KERNELS = """
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

    final GpuEmulator emulator = GpuEmulator.orSkip();
    Pointer stream;

    @BeforeEach
    void open() {
        emulator.call("cuInit", 0);
        Memory out = new Memory(8);
        emulator.call("cuDevicePrimaryCtxRetain", out, 0);
        emulator.call("cuCtxSetCurrent", out.getPointer(0));
        emulator.call("cuDevicePrimaryCtxReset_v2", 0); // other tests of this JVM may hold the context and its memory
        stream = create("cuStreamCreate");
    }

    @AfterEach
    void close() {
        emulator.call("cuDevicePrimaryCtxRelease_v2", 0);
    }

    Pointer create(String function) {
        Memory out = new Memory(8);
        emulator.call(function, out, 1);
        return out.getPointer(0);
    }

    /** NVRTC's result; the cubin is null if there is none. */
    record Compiled(int status, String log, Memory cubin) {}

    Compiled compile(String text, String... options) {
        Memory program = new Memory(8);
        Memory size = new Memory(8);
        emulator.call("nvrtcCreateProgram", program, text, "kernels.cu", 0, null, null);
        int status =
                emulator.status("nvrtcCompileProgram", program.getPointer(0), options.length, new StringArray(options));
        emulator.call("nvrtcGetProgramLogSize", program.getPointer(0), size);
        Memory log = new Memory(size.getLong(0));
        emulator.call("nvrtcGetProgramLog", program.getPointer(0), log);
        emulator.call("nvrtcGetCUBINSize", program.getPointer(0), size);
        Memory cubin = size.getLong(0) == 0 ? null : new Memory(size.getLong(0));
        if (cubin != null) {
            emulator.call("nvrtcGetCUBIN", program.getPointer(0), cubin);
        }
        emulator.call("nvrtcDestroyProgram", program);
        return new Compiled(status, log.getString(0), cubin);
    }

    static Memory kernels;
    Pointer module;

    Pointer kernel(String name) {
        if (kernels == null) {
            Compiled compiled = compile(KERNELS, "--gpu-architecture=sm_90", "--std=c++17");
            assertThat(compiled.log).isEmpty();
            kernels = compiled.cubin;
        }
        Memory out = new Memory(8);
        if (module == null) {
            emulator.call("cuModuleLoadData", out, kernels);
            module = out.getPointer(0);
        }
        int status = emulator.status("cuModuleGetFunction", out, module, name);
        assertThat(status).isIn(0, NOT_FOUND);
        return status == 0 ? out.getPointer(0) : null;
    }

    /** Arguments are Long, Integer or Float. */
    int launch(String name, int blocks, int threads, Object... arguments) {
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
        int status = emulator.status(
                "cuLaunchKernel", kernel(name), blocks, 1, 1, threads, 1, 1, 0, stream, addresses, null);
        values.clear(); // the driver has copied them
        return status;
    }

    static float[] random(int count) {
        Random random = new Random(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
