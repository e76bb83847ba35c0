// The gradients of those convolutions' weights, in two stages: blocks add up the pixels of their tiles, then the blocks'
// sums are added up in their order.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

// A warp multiplies 16 DOWN channels of the output's gradient by 8 ACROSS of the input, for all taps; the pixels are what
// is added up. In a block, SPLITS warps have other pixels, and BESIDE other inputs; the blocks down the grid have other
// channels, those across it other pixels.
template <int INPUTS, int OUTPUTS>
struct Slice {
  static constexpr int down = OUTPUTS == 16 ? 1 : 2, across = OUTPUTS == 16 && INPUTS >= 16 ? 2 : 1;
  static constexpr int beside = OUTPUTS == 16 ? 1 : 2, splits = 4, warps = splits * beside;
  static constexpr int inputs = 8 * across * beside;              // of a block
  static constexpr int parts = INPUTS < 8 ? 1 : INPUTS / inputs;  // that the inputs are cut into
  static constexpr int values = TAPS * down * across * 4 * 32;    // of a warp
  static constexpr int pixels = 32 / sizeof(Element);             // that a product takes at once
  // Between pixels, for other banks: ldmatrix reads 16 bytes of 8 pixels, and tf32 words of 8 channels of 4 pixels.
  static constexpr int gap = 8 * sizeof(Element);
  static constexpr int output_bytes = 16 * down * sizeof(Element), output_pitch = output_bytes + gap;
  static constexpr int room = inputs * sizeof(Element), input_pitch = room + (inputs == 8 ? 0 : gap);
  static constexpr int input_bytes = INPUTS < 8 ? INPUTS * (int)sizeof(Element) : room;
};

template <int DOWN, int ACROSS, class Work>
__device__ __forceinline__ void each_sum(float (&sum)[TAPS][DOWN][ACROSS][4], Work work) {
#pragma unroll
  for (int i = 0; i < TAPS * DOWN * ACROSS * 4; i++)
    work(i, sum[i / (DOWN * ACROSS * 4)][i / (ACROSS * 4) % DOWN][i / 4 % ACROSS][i % 4]);
}

template <int INPUTS, int OUTPUTS, int STRIDE>
__device__ __forceinline__ void convolve_weights(const Element* x, const Element* gradient, float* sums, int height,
                                                 int width, int rows, int strips, int count, int at_once) {
  typedef Slice<INPUTS, OUTPUTS> S;
  const int lane = threadIdx.x % 32, split = threadIdx.x / 32 / S::beside, beside = threadIdx.x / 32 % S::beside;
  const Tiles tiles(strided(height, STRIDE), strided(width, STRIDE), rows, strips, count);
  const Images<S::output_bytes, S::output_pitch> gradients = {
      (const Byte*)gradient + blockIdx.y / S::parts * S::output_bytes, OUTPUTS * (int)sizeof(Element), tiles.height,
      tiles.width, tiles.width * S::output_pitch};
  const Images<S::input_bytes, S::input_pitch> inputs = {(const Byte*)x + blockIdx.y % S::parts * S::input_bytes,
                                                         INPUTS * (int)sizeof(Element), height, width,
                                                         (width + 2) * S::input_pitch};

  // A tile's gradient, with zeros up to a multiple of what a product takes, and its input behind it.
  const int pixels = rows * tiles.width, steps = (pixels + S::pixels - 1) / S::pixels;
  const int begin = steps * S::pixels * S::output_pitch, input_rows = (rows - 1) * STRIDE + 3;
  const int tile_bytes = begin + input_rows * inputs.row_bytes;
  Byte* const buffers = tile_memory();

  auto each_tile = [&](int first, int turn, auto work) {
    for (int i = 0; i < at_once; i++) {
      const int tile = first + i * gridDim.x;
      if (tile < tiles.tiles) work(tile, buffers + turn * TILE_BYTES + i * tile_bytes);
    }
  };
  auto fetch_tile = [&](int tile, Byte* to) {
    gradients.fetch_rows(to, tiles.image(tile), tiles.top(tile), rows);
    inputs.fetch_rows(to + begin + S::input_pitch, tiles.image(tile), tiles.top(tile) * STRIDE - 1, input_rows);
  };

  each_tile(blockIdx.x, 0, fetch_tile);
  end_of_group();
  for (int turn = 0; turn < 2; turn++)
    for (int i = 0; i < at_once; i++) {
      Byte* to = buffers + turn * TILE_BYTES + i * tile_bytes;
      inputs.template clear_rest<S::room>(to + begin, input_rows);
      for (int j = pixels * S::output_pitch + 16 * threadIdx.x; j < begin; j += 16 * blockDim.x)
        *(uint4*)(to + j) = make_uint4(0, 0, 0, 0);
    }

  float sum[TAPS][S::down][S::across][4];
  each_sum(sum, [](int, float& value) { value = 0; });

  // Where pixels are of which this lane brings a row, or reads words.
  auto input_offset = [&](int pixel) {
    return begin + beside * 8 * (int)sizeof(Element) +
           tiles.offset(min(pixel, pixels - 1), STRIDE * inputs.row_bytes, STRIDE * S::input_pitch);
  };

  int turn = 0;
  for (int first = blockIdx.x; first < tiles.tiles; first += at_once * gridDim.x, turn ^= 1) {
    each_tile(first + at_once * gridDim.x, turn ^ 1, fetch_tile);
    end_of_group();
    fetched();
#if !BFLOAT16
    each_tile(first, turn, [&](int, Byte* at) {
      gradients.round_rows(at, rows);
      inputs.round_rows(at + begin + S::input_pitch, input_rows);
    });
#endif
    __syncthreads();
    int step = split;  // they go round the warps, from tile to tile
    each_tile(first, turn, [&](int, Byte* at) {
      const Shared tile = shared(at);
      for (; step < steps; step += S::splits) {
        const int pixel = step * S::pixels;
        Word a[S::down][4];
#if BFLOAT16
        const Shared of_gradient = tile + (pixel + lane % 8 + lane / 16 * 8) * S::output_pitch + lane / 8 % 2 * 16;
#pragma unroll
        for (int m = 0; m < S::down; m++) read_columns(a[m], of_gradient + 32 * m);
        const Shared of_input = tile + input_offset(pixel + lane % 16) + (S::across == 2 ? lane / 16 * 16 : 0);
#else
        const Shared of_gradient = tile + (pixel + lane % 4) * S::output_pitch + lane / 4 * 4;
#pragma unroll
        for (int m = 0; m < S::down; m++)
#pragma unroll
          for (int i = 0; i < 4; i++)
            a[m][i] = read_word(of_gradient + i / 2 * 4 * S::output_pitch + m * 64 + i % 2 * 32);
        const Shared of_input[2] = {tile + input_offset(pixel + lane % 4) + lane / 4 * 4,
                                    tile + input_offset(pixel + lane % 4 + 4) + lane / 4 * 4};
#endif
#pragma unroll
        for (int tap = 0; tap < TAPS; tap++) {
          const int shift = tap / 3 * inputs.row_bytes + tap % 3 * S::input_pitch;
          Word b[S::across][2];
#if BFLOAT16
          Word read[2 * S::across];
          read_columns(read, of_input + shift);
#pragma unroll
          for (int i = 0; i < 2 * S::across; i++) b[i / 2][i % 2] = read[i];
#else
#pragma unroll
          for (int i = 0; i < 2 * S::across; i++) b[i / 2][i % 2] = read_word(of_input[i % 2] + shift + i / 2 * 32);
#endif
#pragma unroll
          for (int m = 0; m < S::down; m++)
#pragma unroll
            for (int n = 0; n < S::across; n++) multiply(sum[tap][m][n], a[m], b[n]);
        }
      }
      step -= steps;
    });
    __syncthreads();
  }

  // The splits of a block: the upper half is added to the lower one, until one is left.
  float* const upper = (float*)buffers + beside * S::values + lane;
#pragma unroll
  for (int half = S::splits / 2; half > 0; half /= 2) {
    float* const others = upper + split % half * S::beside * S::values;
    if (split >= half && split < 2 * half) each_sum(sum, [&](int i, float& value) { others[i * 32] = value; });
    __syncthreads();
    if (split < half) each_sum(sum, [&](int i, float& value) { value += others[i * 32]; });
    __syncthreads();
  }
  float* const to = sums + (((size_t)blockIdx.x * gridDim.y + blockIdx.y) * S::beside + beside) * S::values + lane;
  if (split == 0) each_sum(sum, [&](int i, float& value) { to[i * 32] = value; });
}

// The second stage, in blocks of 32 values x so many parts of the sums.
template <int INPUTS, int OUTPUTS>
__device__ __forceinline__ void add_weights(const float* sums, Element* weights, int blocks) {
  typedef Slice<INPUTS, OUTPUTS> S;
  __shared__ float parts[32][33];
  const int count = S::values * gridDim.y, at = blockIdx.x * 32 + threadIdx.x;
  float sum = 0;
#pragma unroll 8
  for (int i = threadIdx.y; i < blocks; i += blockDim.y) sum += sums[(size_t)i * count + blockIdx.y * S::values + at];
  parts[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y) return;
  for (int i = 1; i < blockDim.y; i++) sum += parts[i][threadIdx.x];
  // As each_sum goes over what a lane has: tap, then 16 outputs, 8 inputs, 4 values.
  constexpr int slices_across = INPUTS < 8 ? 1 : INPUTS / 8 / S::across;
  const int lane = at % 32, i = at / 32 % 4, n = at / 128 % S::across, m = at / 128 / S::across % S::down;
  const int tap = at / 128 / S::across / S::down;
  const int output = ((int)blockIdx.y / slices_across * S::down + m) * 16 + lane / 4 + i / 2 * 8;
  const int input = ((int)blockIdx.y % slices_across * S::across + n) * 8 + lane % 4 * 2 + i % 2;
  if (input < INPUTS) put(weights, (output * TAPS + tap) * INPUTS + input, sum);
}

// Of the first stage: blocks that share the tiles x slices, each of which leaves sums[block across][slice][beside][value].
// Of the second: blocks of 32 values x slices and beside; outputs x taps x inputs come of it.
#define CONVOLVE_WEIGHTS(INPUTS, OUTPUTS, STRIDE)                                                                      \
  extern "C" __global__ void                                                                                           \
      __launch_bounds__(32 * Slice<INPUTS, OUTPUTS>::warps, 4 / Slice<INPUTS, OUTPUTS>::beside)                        \
      convolve_weights_##INPUTS##_##OUTPUTS(const Element* x, const Element* gradient, float* sums, int height,        \
                                            int width, int rows, int strips, int tiles, int at_once) {                 \
    convolve_weights<INPUTS, OUTPUTS, STRIDE>(x, gradient, sums, height, width, rows, strips, tiles, at_once);         \
  }                                                                                                                    \
  extern "C" __global__ void __launch_bounds__(1024)                                                                   \
      add_weights_##INPUTS##_##OUTPUTS(const float* sums, Element* weights, int blocks) {                              \
    add_weights<INPUTS, OUTPUTS>(sums, weights, blocks);                                                               \
  }
CONVOLVE_WEIGHTS(16, 16, 1)
CONVOLVE_WEIGHTS(32, 32, 1)
CONVOLVE_WEIGHTS(64, 64, 1)
CONVOLVE_WEIGHTS(16, 32, 2)
CONVOLVE_WEIGHTS(32, 64, 2)
CONVOLVE_WEIGHTS(4, 16, 1)

#endif
