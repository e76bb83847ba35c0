// 3x3 convolutions, stride 1, padding 1, from 16, 32 or 64 channels to as many: those of CIFAR's networks. Libraries are
// made for more channels, and take several times what the memory takes.
//
// All are products of matrices on tensor cores: bfloat16, or float rounded to tf32. A step of such a product takes 32
// bytes of every row, and both formats keep word t (0 to 3) and word t + 4 of row g (0 to 7) in lane 4 g + t; so one text
// serves both.
//
// A tile is so many rows of an image, in shared memory with a border of one pixel, zeros where the image ends. Blocks go
// over tiles, and fetch the next one while they compute.

#define TAPS 9
#define TILE_BYTES 24576  // two are what a kernel may have without asking for more

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define HAS_TENSOR_FORMATS 1
#else
#define HAS_TENSOR_FORMATS 0  // kernels are empty, and never asked for: see Device.serves
#endif

__device__ __forceinline__ Byte* tile_memory() {
  __shared__ uint4 both[2 * TILE_BYTES / sizeof(uint4)];
  return (Byte*)both;
}

// --- Instructions ---

#ifdef __CUDA_ARCH__

typedef Word Shared;  // an address in shared memory

__device__ __forceinline__ Shared shared(const Byte* at) {
  Word address;
  asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(at));
  return address;
}

// 16 bytes to shared memory, where they are once `fetched` says so; zeros if they are not there.
__device__ __forceinline__ void fetch(Byte* to, const Byte* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared(to)), "l"(from), "r"(there ? 16 : 0)
               : "memory");
}

__device__ __forceinline__ void end_of_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// All groups of this thread but the last.
__device__ __forceinline__ void fetched() { asm volatile("cp.async.wait_group 1;" ::: "memory"); }

// To nearest, ties away from zero.
__device__ __forceinline__ Word to_tf32(Word value) {
  Word rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__uint_as_float(value)));
  return rounded;
}

// Of four matrices of 8 rows of 16 bytes, word lane % 4 of row lane / 4; lane 8 m + r brings where row r of matrix m is.
__device__ __forceinline__ void read_rows(Word (&to)[4], Shared row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(row));
}

// Likewise, of matrices of 8 x 8 halves, those of column lane / 4 in rows 2 (lane % 4) and the next.
__device__ __forceinline__ void read_columns(Word (&to)[4], Shared row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(row));
}

// Of the first two matrices alone.
__device__ __forceinline__ void read_columns(Word (&to)[2], Shared row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "r"(row));
}

__device__ __forceinline__ Word read_word(Shared at) {
  Word word;
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(word) : "r"(at));
  return word;
}

// sum += a b: 16 rows by 8 columns. Of a, words in rows g and g + 8, then both 16 bytes further; of b, two words in column
// g; of the sum, columns 2 t and 2 t + 1 in row g, then in row g + 8, where lane = 4 g + t.
__device__ __forceinline__ void multiply(float (&sum)[4], const Word (&a)[4], const Word (&b)[2]) {
#if BFLOAT16
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#else
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#endif
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#else  // The same in C++: lanes show each other what they bring.

typedef const Byte* Shared;

struct Shown {
  Shared row;
  Word words[6];
};

__device__ __forceinline__ Shown* shown() {
  __shared__ Shown all[256];
  return all + threadIdx.x / 32 * 32;
}

__device__ __forceinline__ Shared shared(const Byte* at) { return at; }

__device__ __forceinline__ void fetch(Byte* to, const Byte* from, bool there) {
  *(uint4*)to = there ? *(const uint4*)from : make_uint4(0, 0, 0, 0);
}

__device__ __forceinline__ void end_of_group() {}
__device__ __forceinline__ void fetched() {}

__device__ __forceinline__ Word to_tf32(Word value) {
  const bool finite = (value & 0x7f800000u) != 0x7f800000u;
  return finite ? (value + 0x1000u) & 0xffffe000u : (value & 0x7fffffu) ? 0x7fffffffu : value;
}

__device__ __forceinline__ Word read_word(Shared at) { return *(const Word*)at; }

__device__ __noinline__ void read_matrices(Word* to, int matrices, bool columns, Shared row) {
  const int lane = threadIdx.x % 32;
  const Shown* lanes = shown();
  shown()[lane].row = row;
  __syncwarp();
  for (int m = 0; m < matrices; m++) {
    if (columns) {
      const Shown* pair = lanes + 8 * m + lane % 4 * 2;
      to[m] = ((const unsigned short*)pair[0].row)[lane / 4] | (Word)((const unsigned short*)pair[1].row)[lane / 4] << 16;
    } else {
      to[m] = read_word(lanes[8 * m + lane / 4].row + lane % 4 * 4);
    }
  }
  __syncwarp();
}

__device__ __forceinline__ void read_rows(Word (&to)[4], Shared row) { read_matrices(to, 4, false, row); }
__device__ __forceinline__ void read_columns(Word (&to)[4], Shared row) { read_matrices(to, 4, true, row); }
__device__ __forceinline__ void read_columns(Word (&to)[2], Shared row) { read_matrices(to, 2, true, row); }

__device__ __noinline__ void multiply(float (&sum)[4], const Word (&a)[4], const Word (&b)[2]) {
  const int lane = threadIdx.x % 32;
  const Shown* lanes = shown();
  for (int i = 0; i < 6; i++) shown()[lane].words[i] = i < 4 ? a[i] : b[i - 4];
  __syncwarp();
  for (int word = 0; word < 8; word++) {
    for (int i = 0; i < 4; i++) {
      const Word left = lanes[lane / 4 * 4 + word % 4].words[word / 4 * 2 + i / 2];
      const Word right = lanes[(lane % 4 * 2 + i % 2) * 4 + word % 4].words[4 + word / 4];
#if BFLOAT16
      sum[i] += of_bfloat16(left & 0xffffu) * of_bfloat16(right & 0xffffu);
      sum[i] += of_bfloat16(left >> 16) * of_bfloat16(right >> 16);
#else
      sum[i] += __uint_as_float(left) * __uint_as_float(right);
#endif
    }
  }
  __syncwarp();
}

#endif

// --- Tiles ---

// How a convolution is cut: `rows` of an image to a tile, `strips` tiles to an image, `tiles` in all.
struct Tiles {
  int height, width, rows, strips, tiles;
  int inverse;  // of the width, times 2^20

  __device__ __forceinline__ Tiles(int height, int width, int rows, int strips, int tiles)
      : height(height), width(width), rows(rows), strips(strips), tiles(tiles), inverse((1 << 20) / width + 1) {}

  // Pixel p of rows that are `stride` bytes from each other, and pixels `pitch` bytes. A tile has less than 1024 pixels,
  // so the quotient is exact.
  __device__ __forceinline__ int offset(int p, int stride, int pitch) const {
    const int row = p * inverse >> 20;
    return row * stride + (p - row * width) * pitch;
  }
  __device__ __forceinline__ int image(int tile) const { return tile / strips; }
  __device__ __forceinline__ int top(int tile) const { return tile % strips * rows; }
};

// Of each pixel in shared memory: bytes, and from one to the next. Eight pixels beside each other lie in different banks,
// as ldmatrix reads them, PIECES being 16 bytes each.
template <int PIECES, int PITCH>
struct Pixels {
  static constexpr int pitch = PITCH;

  // Rows of an image, from `first` on, to where the pixels of a row are `stride` bytes behind those of the last one. Zeros
  // where there is no such row. Rounded instead, by the threads that have fetched it, if `round`.
  static __device__ __forceinline__ void move(bool round, Byte* to, int stride, const Byte* image, int pixel_bytes, int first, int rows,
                                              int height, int width) {
    for (int r = threadIdx.x / 32; r < rows; r += blockDim.x / 32) {
      const int row = first + r;
      const bool there = row >= 0 && row < height;
      const Byte* from = image + (size_t)(there ? row : 0) * width * pixel_bytes;
      for (int i = threadIdx.x % 32; i < width * PIECES; i += 32) {
        const int pixel = i / PIECES, piece = i % PIECES * 16;
        Byte* here = to + r * stride + pixel * PITCH + piece;
        if (round) {
          const uint4 v = *(const uint4*)here;
          *(uint4*)here = make_uint4(to_tf32(v.x), to_tf32(v.y), to_tf32(v.z), to_tf32(v.w));
        } else {
          fetch(here, from + (size_t)pixel * pixel_bytes + piece, there);
        }
      }
    }
  }

  // Zeros left and right of rows of width + 2 pixels; nobody else writes there.
  static __device__ __forceinline__ void clear_sides(Byte* to, int rows, int width) {
    for (int i = threadIdx.x; i < 2 * rows * PIECES; i += blockDim.x) {
      const int row = i / PIECES / 2, side = i / PIECES % 2;
      *(uint4*)(to + (row * (width + 2) + side * (width + 1)) * PITCH + i % PIECES * 16) = make_uint4(0, 0, 0, 0);
    }
  }
};

// --- Output, and gradient of the input ---

// What a warp keeps of the weights for WIDE x 8 channels of the result: column g of part n is channel g WIDE + n, so
// that the results of a lane are channels beside each other.
template <int CHANNELS>
struct Narrow {
  static constexpr int bytes = CHANNELS * sizeof(Element), steps = bytes / 32;
  static constexpr int wide = steps < 8 ? 2 : 1;         // so that the weights fit into the registers
  static constexpr int kept = TAPS * steps * wide * 2;   // registers
  static constexpr int slices = CHANNELS / 8 / wide;     // warps with other channels of the same pixels
  static constexpr int warps = slices < 4 ? 4 : slices;
  static constexpr int together = kept > 72 && wide == 2 ? 4 : 2;  // times 16 pixels that a warp works on at once
};

// The word of a product's step at this byte of a tap, for the WIDE parts. Rows of the product are channels of the result.
// The gradient goes from outputs to inputs, so its weights lie across, the last tap first; there `from` is where the first
// part of the word's first channel is.
template <int CHANNELS, bool GRADIENT>
__device__ __forceinline__ void keep(Word (&parts)[TAPS][Narrow<CHANNELS>::steps][Narrow<CHANNELS>::wide][2],
                                     const Byte* from, int tap, int step, int half) {
  typedef Narrow<CHANNELS> N;
  if (!GRADIENT) {
#pragma unroll
    for (int n = 0; n < N::wide; n++)
      parts[tap][step][n][half] = *(const Word*)(from + (n * TAPS + tap) * N::bytes + 32 * step + 16 * half);
    return;
  }
  const Byte* first = from + ((32 * step + 16 * half) / sizeof(Element) * TAPS + TAPS - 1 - tap) * N::bytes;
#if BFLOAT16
  const Word low = *(const Word*)first, high = *(const Word*)(first + TAPS * N::bytes);  // of both parts
  parts[tap][step][0][half] = (low & 0xffffu) | high << 16;
  parts[tap][step][1][half] = low >> 16 | (high & 0xffff0000u);
#else
#pragma unroll
  for (int n = 0; n < N::wide; n++) parts[tap][step][n][half] = *(const Word*)(first + 4 * n);
#endif
}

template <int CHANNELS, bool GRADIENT>
__device__ __forceinline__ void convolve(const Element* x, const Element* w, Element* y, Tiles tiles) {
  typedef Narrow<CHANNELS> N;
  typedef Pixels<N::bytes / 16, N::bytes + 16> X;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int stride = (tiles.width + 2) * X::pitch, first_channel = warp % N::slices * 8 * N::wide;
  const size_t image_bytes = (size_t)tiles.height * tiles.width * N::bytes;

  int tile = blockIdx.x, turn = 0;
  X::move(false, tile_memory() + X::pitch, stride, (const Byte*)x + tiles.image(tile) * image_bytes, N::bytes,
                          tiles.top(tile) - 1, tiles.rows + 2, tiles.height, tiles.width);
  end_of_group();
  X::clear_sides(tile_memory(), tiles.rows + 2, tiles.width);
  X::clear_sides(tile_memory() + TILE_BYTES, tiles.rows + 2, tiles.width);

  Word kept[TAPS][N::steps][N::wide][2];
  const int column = first_channel + lane / 4 * N::wide, word = lane % 4;
  const Byte* from = (const Byte*)w + (GRADIENT ? word * (4 / sizeof(Element)) * TAPS * N::bytes + column * sizeof(Element)
                                                : column * TAPS * N::bytes + word * 4);
#pragma unroll
  for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
    for (int s = 0; s < N::steps; s++)
#pragma unroll
      for (int half = 0; half < 2; half++) keep<CHANNELS, GRADIENT>(kept, from, tap, s, half);
#if !BFLOAT16
#pragma unroll
  for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
    for (int s = 0; s < N::steps; s++)
#pragma unroll
      for (int n = 0; n < N::wide; n++)
#pragma unroll
        for (int half = 0; half < 2; half++) kept[tap][s][n][half] = to_tf32(kept[tap][s][n][half]);
#endif

  for (; tile < tiles.tiles; tile += gridDim.x, turn ^= 1) {
    Byte* here = tile_memory() + turn * TILE_BYTES;
    const int next = tile + gridDim.x;
    if (next < tiles.tiles)
      X::move(false, tile_memory() + (turn ^ 1) * TILE_BYTES + X::pitch, stride,
                              (const Byte*)x + tiles.image(next) * image_bytes, N::bytes, tiles.top(next) - 1,
                              tiles.rows + 2, tiles.height, tiles.width);
    end_of_group();
    fetched();
#if !BFLOAT16
    X::move(true, here + X::pitch, stride, (const Byte*)x, N::bytes, 0, tiles.rows + 2, tiles.height, tiles.width);
#endif
    __syncthreads();

    const int pixels = min(tiles.rows, tiles.height - tiles.top(tile)) * tiles.width;
    Element* to = y + ((size_t)tiles.image(tile) * tiles.height + tiles.top(tile)) * tiles.width * CHANNELS +
                  first_channel + lane % 4 * 2 * N::wide;
    constexpr int many = 16 * N::together;
    for (int m = warp / N::slices * many; m < pixels; m += N::warps / N::slices * many) {
      Shared at[N::together];
      float sum[N::together][N::wide][4];
#pragma unroll
      for (int u = 0; u < N::together; u++) {
        const int pixel = min(m + 16 * u + lane % 16, pixels - 1);
        at[u] = shared(here) + tiles.offset(pixel, stride, X::pitch) + lane / 16 * 16;
#pragma unroll
        for (int n = 0; n < N::wide; n++)
#pragma unroll
          for (int i = 0; i < 4; i++) sum[u][n][i] = 0;
      }
#pragma unroll
      for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
        for (int s = 0; s < N::steps; s++)
#pragma unroll
          for (int u = 0; u < N::together; u++) {
            Word a[4];
            read_rows(a, at[u] + tap / 3 * stride + tap % 3 * X::pitch + 32 * s);
#pragma unroll
            for (int n = 0; n < N::wide; n++) multiply(sum[u][n], a, kept[tap][s][n]);
          }
#pragma unroll
      for (int u = 0; u < N::together; u++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int pixel = m + 16 * u + 8 * half + lane / 4;
          if (pixel >= pixels) continue;
          Element* there = to + (size_t)pixel * CHANNELS;
          const float(&v)[N::wide][4] = sum[u];
          const int i = 2 * half;
          // Channels g WIDE + n of columns g = 2 t and 2 t + 1.
#if BFLOAT16
          *(uint2*)there = make_uint2(to_bfloat16s(v[0][i], v[1][i]), to_bfloat16s(v[0][i + 1], v[1][i + 1]));
#else
          if (N::wide == 2)
            *(float4*)there = make_float4(v[0][i], v[N::wide - 1][i], v[0][i + 1], v[N::wide - 1][i + 1]);
          else
            *(float2*)there = make_float2(v[0][i], v[0][i + 1]);
#endif
        }
    }
    __syncthreads();  // nobody reads this tile any more
  }
}

// Grid: any number of blocks up to the number of tiles.
#define CONVOLVE(NAME, CHANNELS, GRADIENT)                                                                             \
  extern "C" __global__ void __launch_bounds__(32 * Narrow<CHANNELS>::warps, Narrow<CHANNELS>::kept > 72 ? 1 : 4)      \
      NAME(const Element* x, const Element* w, Element* y, int height, int width, int rows, int strips, int tiles) {   \
    if (HAS_TENSOR_FORMATS) convolve<CHANNELS, GRADIENT>(x, w, y, Tiles(height, width, rows, strips, tiles));               \
  }
CONVOLVE(convolve_16, 16, false)
CONVOLVE(convolve_32, 32, false)
CONVOLVE(convolve_64, 64, false)
CONVOLVE(convolve_back_16, 16, true)
CONVOLVE(convolve_back_32, 32, true)
CONVOLVE(convolve_back_64, 64, true)

// --- Gradient of the weights ---

// A warp multiplies 16 DOWN channels of the output's gradient by 8 ACROSS of the input, for all taps; the pixels are what
// is added up. The blocks down the grid have other channels, those across it and the warps of a block other pixels.
template <int CHANNELS>
struct Slice {
  static constexpr int down = CHANNELS == 16 ? 1 : 2, across = CHANNELS == 16 ? 2 : 1;
  static constexpr int values = TAPS * down * across * 4 * 32;  // of a block
  static constexpr int pixels = 32 / sizeof(Element);           // that a product takes at once
  static constexpr int warps = 4;
  static constexpr int gradient_bytes = 16 * down * sizeof(Element), input_bytes = 8 * across * sizeof(Element);
  // Words of a column are read one by one in tf32: 4 pixels, 8 channels.
  typedef Pixels<gradient_bytes / 16, gradient_bytes + (sizeof(Element) == 2 ? 16 : 32)> Gradient;
  typedef Pixels<input_bytes / 16, input_bytes + (across == 1 ? 0 : sizeof(Element) == 2 ? 16 : 32)> Inputs;
};

template <int CHANNELS>
__device__ __forceinline__ void convolve_weights(const Element* x, const Element* gradient, float* sums, Tiles tiles,
                                                 int at_once) {
  typedef Slice<CHANNELS> S;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, bytes = CHANNELS * sizeof(Element);
  const int slices_across = CHANNELS / 8 / S::across;
  const Byte* gradients = (const Byte*)gradient + blockIdx.y / slices_across * S::gradient_bytes;
  const Byte* inputs = (const Byte*)x + blockIdx.y % slices_across * S::input_bytes;
  const size_t image_bytes = (size_t)tiles.height * tiles.width * bytes;

  // A tile's gradient, with zeros up to a multiple of what a product takes, and its input behind it.
  const int pixels = tiles.rows * tiles.width, steps = (pixels + S::pixels - 1) / S::pixels;
  const int stride = (tiles.width + 2) * S::Inputs::pitch, begin = steps * S::pixels * S::Gradient::pitch;
  const int tile_bytes = begin + (tiles.rows + 2) * stride;

  auto each_tile = [&](int first, int turn, bool round) {
    for (int i = 0; i < at_once; i++) {
      const int tile = first + i * gridDim.x, top = tiles.top(tile);
      if (tile >= tiles.tiles) break;
      Byte* to = tile_memory() + turn * TILE_BYTES + i * tile_bytes;
      const size_t image = tiles.image(tile) * image_bytes;
      S::Gradient::move(round, to, tiles.width * S::Gradient::pitch, gradients + image, bytes, top,
                                               tiles.rows, tiles.height, tiles.width);
      S::Inputs::move(round, to + begin + S::Inputs::pitch, stride, inputs + image, bytes, top - 1,
                                             tiles.rows + 2, tiles.height, tiles.width);
    }
  };
  each_tile(blockIdx.x, 0, false);
  end_of_group();
  for (int turn = 0; turn < 2; turn++)
    for (int i = 0; i < at_once; i++) {
      Byte* to = tile_memory() + turn * TILE_BYTES + i * tile_bytes;
      S::Inputs::clear_sides(to + begin, tiles.rows + 2, tiles.width);
      for (int j = pixels * S::Gradient::pitch + 16 * threadIdx.x; j < begin; j += 16 * blockDim.x)
        *(uint4*)(to + j) = make_uint4(0, 0, 0, 0);
    }

  float sum[TAPS][S::down][S::across][4];
#pragma unroll
  for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
    for (int i = 0; i < S::down * S::across * 4; i++) sum[tap][i / (S::across * 4)][i / 4 % S::across][i % 4] = 0;

  int turn = 0;
  for (int first = blockIdx.x; first < tiles.tiles; first += at_once * gridDim.x, turn ^= 1) {
    each_tile(first + at_once * gridDim.x, turn ^ 1, false);
    end_of_group();
    fetched();
#if !BFLOAT16
    each_tile(first, turn, true);
#endif
    __syncthreads();
    // Steps go round the warps, from tile to tile.
    Shared tile = shared(tile_memory() + turn * TILE_BYTES);
    int step = warp;
    for (int i = 0; i < at_once && first + i * gridDim.x < tiles.tiles; i++, tile += tile_bytes, step -= steps)
     for (; step < steps; step += S::warps) {
      const int pixel = step * S::pixels;
      Word a[S::down][4];
#if BFLOAT16
      const Shared of_gradient = tile + (pixel + lane % 8 + lane / 16 * 8) * S::Gradient::pitch + lane / 8 % 2 * 16;
#pragma unroll
      for (int m = 0; m < S::down; m++) read_columns(a[m], of_gradient + 32 * m);
      const int mine = min(pixel + lane % 16, pixels - 1);
      const Shared of_input = tile + begin + tiles.offset(mine, stride, S::Inputs::pitch) + (S::across == 2 ? lane / 16 * 16 : 0);
#else
      const Shared of_gradient = tile + (pixel + lane % 4) * S::Gradient::pitch + lane / 4 * 4;
#pragma unroll
      for (int m = 0; m < S::down; m++)
#pragma unroll
        for (int i = 0; i < 4; i++)
          a[m][i] = read_word(of_gradient + i / 2 * 4 * S::Gradient::pitch + m * 64 + i % 2 * 32);
      Shared of_input[2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int mine = min(pixel + 4 * half + lane % 4, pixels - 1);
        of_input[half] = tile + begin + tiles.offset(mine, stride, S::Inputs::pitch) + lane / 4 * 4;
      }
#endif
#pragma unroll
      for (int tap = 0; tap < TAPS; tap++) {
        const int shift = tap / 3 * stride + tap % 3 * S::Inputs::pitch;
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
    __syncthreads();
  }

  // The warps of a block, in their order.
  float* of_warps = (float*)tile_memory();
#pragma unroll
  for (int i = 0; i < S::values / 32; i++)
    of_warps[warp * S::values + i * 32 + lane] =
        sum[i / (S::down * S::across * 4)][i / (S::across * 4) % S::down][i / 4 % S::across][i % 4];
  __syncthreads();
  float* to = sums + ((size_t)blockIdx.x * gridDim.y + blockIdx.y) * S::values;
  for (int i = threadIdx.x; i < S::values; i += blockDim.x) {
    float total = of_warps[i];
#pragma unroll
    for (int other = 1; other < S::warps; other++) total += of_warps[other * S::values + i];
    to[i] = total;
  }
}

// Grid: blocks that share the tiles x slices. Each leaves the sums of its tiles: sums[block across][slice][value].
#define CONVOLVE_WEIGHTS(CHANNELS)                                                                                     \
  extern "C" __global__ void __launch_bounds__(128, 4)                                                                 \
      convolve_weights_##CHANNELS(const Element* x, const Element* gradient, float* sums, int height, int width,       \
                                  int rows, int strips, int tiles, int at_once) {                                      \
    if (HAS_TENSOR_FORMATS)                                                                                            \
      convolve_weights<CHANNELS>(x, gradient, sums, Tiles(height, width, rows, strips, tiles), at_once);                    \
  }
CONVOLVE_WEIGHTS(16)
CONVOLVE_WEIGHTS(32)
CONVOLVE_WEIGHTS(64)

// The second stage, in blocks of 32 values x so many parts of the sums: outputs x taps x inputs.
extern "C" __global__ void __launch_bounds__(1024)
    add_weights(const float* sums, Element* weights, int blocks, int channels, int values) {
  __shared__ float parts[32][33];
  const int count = values * gridDim.y, at = blockIdx.x * 32 + threadIdx.x;
  float sum = 0;
#pragma unroll 8
  for (int i = threadIdx.y; i < blocks; i += blockDim.y) sum += sums[(size_t)i * count + blockIdx.y * values + at];
  parts[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y) return;
  for (int i = 1; i < blockDim.y; i++) sum += parts[i][threadIdx.x];
  // As convolve_weights left it: tap, then 16 outputs, 8 inputs, 4 values of a lane.
  const int down = channels == 16 ? 1 : 2, across = channels == 16 ? 2 : 1, slices_across = channels / 8 / across;
  const int lane = at % 32, i = at / 32 % 4, n = at / 128 % across, m = at / 128 / across % down;
  const int tap = at / 128 / across / down;
  const int output = ((int)blockIdx.y / slices_across * down + m) * 16 + lane / 4 + i / 2 * 8;
  const int input = ((int)blockIdx.y % slices_across * across + n) * 8 + lane % 4 * 2 + i % 2;
  put(weights, (output * TAPS + tap) * channels + input, sum);
}
