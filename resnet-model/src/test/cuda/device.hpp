// What stands before the text of a CUDA C++ kernel so that an ordinary C++17 compiler takes it. Only what kernels of this
// project use: static shared memory, vector types, warp operations, atomic additions. __CUDA_ARCH__ stays undefined, so
// kernels can tell this compilation from NVRTC's and write in C what they otherwise write in PTX.
//
// Every thread of a block is a fiber of one OS thread (block.cpp), hence shared memory is thread-local static memory.
// Multiplications and additions are contracted to FMA as NVRTC does (-ffp-contract=fast where the processor has it).
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static __thread
#define __constant__ static
#ifndef SOFTCARD_SCAN  // nvrtc.cpp looks for these two in the preprocessed text
#define __global__
#define __launch_bounds__(...)
#endif

#define SOFTCARD_VECTOR2(T, N, A) \
    struct __align__(A) N##2 { T x, y; }; \
    inline N##2 make_##N##2(T x, T y) { return {x, y}; }
#define SOFTCARD_VECTOR3(T, N) \
    struct N##3 { T x, y, z; }; \
    inline N##3 make_##N##3(T x, T y, T z) { return {x, y, z}; }
#define SOFTCARD_VECTOR4(T, N, A) \
    struct __align__(A) N##4 { T x, y, z, w; }; \
    inline N##4 make_##N##4(T x, T y, T z, T w) { return {x, y, z, w}; }
#define SOFTCARD_VECTORS(T, N, A2, A4) SOFTCARD_VECTOR2(T, N, A2) SOFTCARD_VECTOR3(T, N) SOFTCARD_VECTOR4(T, N, A4)
SOFTCARD_VECTORS(signed char, char, 2, 4)
SOFTCARD_VECTORS(unsigned char, uchar, 2, 4)
SOFTCARD_VECTORS(short, short, 4, 8)
SOFTCARD_VECTORS(unsigned short, ushort, 4, 8)
SOFTCARD_VECTORS(int, int, 8, 16)
SOFTCARD_VECTORS(unsigned, uint, 8, 16)
SOFTCARD_VECTORS(float, float, 8, 16)
SOFTCARD_VECTORS(double, double, 16, 16)
struct dim3 { unsigned x, y, z; };

// What the library provides (block.cpp).
struct SoftcardThread { uint3 thread, block; dim3 threads, blocks; };
extern "C" {
extern __attribute__((tls_model("initial-exec"))) __thread SoftcardThread softcard_thread;
}
enum SoftcardExchange { SOFTCARD_SHUFFLE, SOFTCARD_BALLOT, SOFTCARD_SYNC };
extern "C" void softcard_syncthreads();
// The value that lane `source` brought (SHUFFLE), or the lanes that brought one other than zero (BALLOT).
extern "C" uint64_t softcard_exchange(SoftcardExchange kind, unsigned mask, uint64_t value, unsigned source);
extern "C" [[noreturn]] void softcard_trap();

#define threadIdx (softcard_thread.thread)
#define blockIdx (softcard_thread.block)
#define blockDim (softcard_thread.threads)
#define gridDim (softcard_thread.blocks)
#define warpSize 32
#define __trap softcard_trap
inline unsigned softcard_lane() {
    return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32;
}

inline void __syncthreads() { softcard_syncthreads(); }
inline void __syncwarp(unsigned mask = ~0u) { softcard_exchange(SOFTCARD_SYNC, mask, 0, 0); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() {}
inline unsigned __ballot_sync(unsigned mask, int yes) {
    return (unsigned)softcard_exchange(SOFTCARD_BALLOT, mask, yes != 0, 0);
}
inline int __any_sync(unsigned mask, int yes) { return __ballot_sync(mask, yes) != 0; }
inline int __all_sync(unsigned mask, int yes) { return __ballot_sync(mask, !yes) == 0; }
template <class T> T softcard_shuffle(unsigned mask, T value, unsigned source) {
    static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    bits = softcard_exchange(SOFTCARD_SHUFFLE, mask, bits, source);
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}
// A warp is cut into segments of `width` lanes; a source outside of the own segment is the lane itself.
template <class T> T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    return softcard_shuffle(mask, value, (softcard_lane() & ~(width - 1)) | (source & (width - 1)));
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
    unsigned lane = softcard_lane(), source = lane ^ bits;
    return softcard_shuffle(mask, value, source / width > lane / width ? lane : source);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    unsigned lane = softcard_lane(), source = lane + delta;
    return softcard_shuffle(mask, value, source / width != lane / width ? lane : source);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    unsigned lane = softcard_lane();
    return softcard_shuffle(mask, value, lane % width < delta ? lane : lane - delta);
}

// Blocks run on two OS threads, so additions between them are real atomic ones.
template <class T> T atomicAdd(T* at, std::common_type_t<T> value) {
    if constexpr (std::is_integral_v<T>) {
        return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
    } else {
        T old, sum;
        __atomic_load(at, &old, __ATOMIC_RELAXED);
        do sum = old + value;
        while (!__atomic_compare_exchange(at, &old, &sum, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
        return old;
    }
}
template <class T> T atomicMax(T* at, std::common_type_t<T> value) {
    T old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (old < value && !__atomic_compare_exchange_n(at, &old, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    return old;
}
inline unsigned atomicInc(unsigned* at, unsigned last) {  // after the last one, zero
    unsigned old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(at, &old, old >= last ? 0 : old + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    return old;
}
template <class T> T atomicExch(T* at, std::common_type_t<T> value) {
    T old;
    __atomic_exchange(at, &value, &old, __ATOMIC_RELAXED);
    return old;
}
template <class T> T atomicCAS(T* at, std::common_type_t<T> expected, std::common_type_t<T> value) {
    __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}

template <class To, class From> To softcard_bits(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &value, sizeof to);
    return to;
}
inline float __uint_as_float(unsigned a) { return softcard_bits<float>(a); }
inline float __int_as_float(int a) { return softcard_bits<float>(a); }
inline unsigned __float_as_uint(float a) { return softcard_bits<unsigned>(a); }
inline int __float_as_int(float a) { return softcard_bits<int>(a); }
template <class T> T __ldg(const T* p) { return *p; }
template <class T> T __ldcs(const T* p) { return *p; }
template <class T> T __ldcg(const T* p) { return *p; }
template <class T> void __stcs(T* p, T value) { *p = value; }
template <class T> void __stcg(T* p, T value) { *p = value; }

// The single operations that are never contracted.
inline float softcard_opaque(float a) { asm("" : "+m"(a)); return a; }
inline float __fadd_rn(float a, float b) { return softcard_opaque(a + b); }
inline float __fsub_rn(float a, float b) { return softcard_opaque(a - b); }
inline float __fmul_rn(float a, float b) { return softcard_opaque(a * b); }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
// Approximate on a card (2 ulp and more), exact here.
inline float __expf(float a) { return std::exp(a); }
inline float __logf(float a) { return std::log(a); }
inline float __cosf(float a) { return std::cos(a); }
inline float __sinf(float a) { return std::sin(a); }
inline float __powf(float a, float b) { return std::pow(a, b); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1 / a; }
inline float __saturatef(float a) { return a > 0 ? (a < 1 ? a : 1) : 0; }
inline float rsqrtf(float a) { return 1 / std::sqrt(a); }
inline double rsqrt(double a) { return 1 / std::sqrt(a); }
inline float rsqrt(float a) { return rsqrtf(a); }
inline int __float2int_rn(float a) { return (int)std::nearbyint(a); }
inline int __float2int_rd(float a) { return (int)std::floor(a); }
inline int __popc(unsigned a) { return __builtin_popcount(a); }
inline int __clz(int a) { return a ? __builtin_clz(a) : 32; }
inline int __ffs(int a) { return __builtin_ffs(a); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
inline uint64_t __umul64hi(uint64_t a, uint64_t b) { return (uint64_t)((unsigned __int128)a * b >> 64); }
using std::isfinite;
using std::isinf;
using std::isnan;
template <class A, class B> std::common_type_t<A, B> min(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return std::fmin(T(a), T(b));
    else return T(b) < T(a) ? T(b) : T(a);
}
template <class A, class B> std::common_type_t<A, B> max(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return std::fmax(T(a), T(b));
    else return T(a) < T(b) ? T(b) : T(a);
}

// A kernel as the library calls it: one thread at a time, with the addresses of the arguments.
struct SoftcardKernel {
    void (*thread)(void** arguments);
    const size_t* sizes;  // bytes of each argument
    size_t count;
    unsigned most_threads;  // __launch_bounds__, or 1024
};
template <auto kernel, class... A> struct SoftcardCall {
    static constexpr size_t sizes[sizeof...(A) + 1] = {sizeof(A)...};
    template <size_t... I> static void unpack(void** arguments, std::index_sequence<I...>) {
        kernel(*(A*)arguments[I]...);
    }
    static void thread(void** arguments) { unpack(arguments, std::index_sequence_for<A...>()); }
};
template <auto kernel, class... A>
constexpr SoftcardKernel softcard_describe(void (*)(A...), unsigned most_threads = 1024, ...) {
    return {SoftcardCall<kernel, A...>::thread, SoftcardCall<kernel, A...>::sizes, sizeof...(A), most_threads};
}
