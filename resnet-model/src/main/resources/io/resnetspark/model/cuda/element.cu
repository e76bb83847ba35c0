// What an activation is made of, and how 16 bytes of them are read and written.
//
// The files of this folder are compiled as one text, in the order that KernelSource names, once with -DBFLOAT16=1 and
// once with -DBFLOAT16=0. No header is included, so NVRTC needs no folder of them.
//
// Activations lie in memory as batch x height x width x channels: a matrix of so many rows (pixels) and channels. A
// thread works on LANES channels of a row, 16 bytes: group g of the row's groups. All sums are float or double, and in a
// fixed order, so the same input gives the same bits.

#if BFLOAT16
typedef unsigned short Element;
#define LANES 8
#else
typedef float Element;
#define LANES 4
#endif

typedef unsigned char Byte;
typedef unsigned int Word;

struct Lanes { float at[LANES]; };

#define FOR_LANES _Pragma("unroll") for (int j = 0; j < LANES; j++)

__device__ __forceinline__ float of_bfloat16(Word bits) { return __uint_as_float(bits << 16); }

// Two floats to two bfloat16, rounded to nearest, ties to even; NaN stays NaN.
__device__ __forceinline__ Word to_bfloat16s(float low, float high) {
#ifdef __CUDA_ARCH__
  Word both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
#else
  Word bits[2] = {__float_as_uint(low), __float_as_uint(high)};
  for (Word& b : bits) b = (b & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : (b + 0x7fffu + (b >> 16 & 1)) >> 16;
  return bits[0] | bits[1] << 16;
#endif
}

__device__ __forceinline__ uint4 raw(const Element* from, size_t group) { return ((const uint4*)from)[group]; }

__device__ __forceinline__ Lanes floats(uint4 raw) {
  Lanes v;
  const Word words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
#if BFLOAT16
    v.at[2 * i] = of_bfloat16(words[i]);
    v.at[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
#else
    v.at[i] = __uint_as_float(words[i]);
#endif
  }
  return v;
}

__device__ __forceinline__ Lanes load(const Element* from, size_t group) { return floats(raw(from, group)); }

__device__ __forceinline__ void store(Element* to, size_t group, const Lanes& v) {
#if BFLOAT16
  ((uint4*)to)[group] = make_uint4(to_bfloat16s(v.at[0], v.at[1]), to_bfloat16s(v.at[2], v.at[3]),
                                   to_bfloat16s(v.at[4], v.at[5]), to_bfloat16s(v.at[6], v.at[7]));
#else
  ((float4*)to)[group] = make_float4(v.at[0], v.at[1], v.at[2], v.at[3]);
#endif
}

__device__ __forceinline__ float get(const Element* from, size_t i) {
#if BFLOAT16
  return of_bfloat16(from[i]);
#else
  return from[i];
#endif
}

__device__ __forceinline__ void put(Element* to, size_t i, float value) {
#if BFLOAT16
  to[i] = (Element)(to_bfloat16s(value, 0.f) & 0xffffu);
#else
  to[i] = value;
#endif
}

__device__ __forceinline__ Lanes same(float value) {
  Lanes v;
  FOR_LANES v.at[j] = value;
  return v;
}

// Values of a group's channels.
__device__ __forceinline__ Lanes channels(const float* of, int group) {
  Lanes v;
  FOR_LANES v.at[j] = of[group * LANES + j];
  return v;
}

__device__ __forceinline__ size_t thread_number() { return blockIdx.x * (size_t)blockDim.x + threadIdx.x; }

// Twice the same seed, twice the same values, about N(0, 1): to time convolutions with.
extern "C" __global__ void fill_random(Element* to, size_t count, Word seed) {
  for (size_t i = thread_number(); i < count; i += (size_t)gridDim.x * blockDim.x) {
    Word hash = (Word)i * 2654435761u + seed;
    float sum = 0;
    for (int k = 0; k < 4; k++) {
      hash ^= hash >> 16;
      hash *= 0x85ebca6bu;
      hash ^= hash >> 13;
      sum += (hash >> 8) * (1.f / 16777216.f);
    }
    put(to, i, (sum - 2.f) * 1.732f);
  }
}

// How far a is from b at most, and the largest value of b; as the bits of floats that are not negative, which are in the
// order of integers. What is no number is infinitely far.
extern "C" __global__ void compare(const Element* a, const Element* b, size_t count, Word* most) {
  float apart = 0, largest = 0;
  for (size_t i = thread_number(); i < count; i += (size_t)gridDim.x * blockDim.x) {
    const float expected = get(b, i), difference = fabsf(get(a, i) - expected);
    apart = difference <= apart ? apart : difference < 3.4e38f ? difference : 3.4e38f;
    largest = fmaxf(largest, fabsf(expected));
  }
  atomicMax(most, __float_as_uint(apart));
  atomicMax(most + 1, __float_as_uint(largest));
}

// sum = a + b
extern "C" __global__ void add(const Element* a, const Element* b, Element* sum, size_t groups) {
  const size_t i = thread_number();
  if (i >= groups) return;
  Lanes x = load(a, i), y = load(b, i);
  FOR_LANES x.at[j] += y.at[j];
  store(sum, i, x);
}
