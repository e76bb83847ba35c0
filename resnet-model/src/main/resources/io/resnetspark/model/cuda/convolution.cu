// 3x3 convolutions, padding 1, of CIFAR's networks: from 16, 32 or 64 channels to as many with stride 1, from 16 or 32 to
// twice as many with stride 2, and from an image (4 channels) to 16. Libraries are made for more channels, and take
// several times what the memory takes.
//
// All are products of matrices on tensor cores: bfloat16, or float rounded to tf32. A step of such a product takes 32
// bytes of every row, and both formats keep word t (0 to 3) and word t + 4 of row g (0 to 7) in lane 4 g + t; so one text
// serves both.
//
// A tile is so many rows of a result, and in shared memory what they are made from, with zeros around an image. Blocks go
// over tiles, and fetch the next one while they compute. Heights and widths are those of the convolution's input.

// GPUs before compute capability 8.0 have neither format, and none of these kernels: see Device.serves.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

#define TAPS 9
#define TILE_BYTES 24576  // two are what a kernel may have without asking for more

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

// 16 bytes or 8 to shared memory, where they are once `fetched` says so; zeros if they are not there.
template <int BYTES>
__device__ __forceinline__ void fetch(Byte* to, const Byte* from, bool there) {
  if (BYTES == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared(to)), "l"(from), "r"(there ? 16 : 0)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared(to)), "l"(from), "r"(there ? 8 : 0)
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

template <int BYTES>
__device__ __forceinline__ void fetch(Byte* to, const Byte* from, bool there) {
  for (int i = 0; i < BYTES / 4; i++) ((Word*)to)[i] = there ? ((const Word*)from)[i] : 0;
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

// How a result is cut: `rows` of an image to a tile, `strips` tiles to an image, `tiles` in all.
struct Tiles {
  int height, width, rows, strips, tiles;
  int inverse;  // of the width, times 2^20

  __device__ __forceinline__ Tiles(int height, int width, int rows, int strips, int tiles)
      : height(height), width(width), rows(rows), strips(strips), tiles(tiles), inverse((1 << 20) / width + 1) {}

  __device__ __forceinline__ int image(int tile) const { return tile / strips; }
  __device__ __forceinline__ int top(int tile) const { return tile % strips * rows; }

  // Where pixel p of a tile is, whose rows and columns are so many bytes from each other. A tile has less than 1024 pixels,
  // so the quotient is exact.
  __device__ __forceinline__ int offset(int p, int of_row, int of_column) const {
    const int row = p * inverse >> 20;
    return row * of_row + (p - row * width) * of_column;
  }
};

__device__ __forceinline__ constexpr int strided(int size, int stride) { return (size - 1) / stride + 1; }

// Images on their way through shared memory: BYTES of each pixel, which lie PITCH bytes from each other there. SPREAD is 2
// where rows and columns of zeros lie between theirs.
template <int BYTES, int PITCH, int SPREAD = 1>
struct Images {
  static constexpr int piece_bytes = BYTES < 16 ? BYTES : 16, pieces = BYTES / piece_bytes;

  const Byte* at;
  int pixel_bytes, height, width;
  int row_bytes;  // there

  // `rows` of an image from `first` on; zeros where there is none.
  __device__ __forceinline__ void fetch_rows(Byte* to, int image, int first, int rows) const {
    const Byte* from = at + (size_t)image * height * width * pixel_bytes;
    each_piece(rows, [&](int r, int pixel, int piece) {
      const int row = first + r;
      const bool there = row >= 0 && row % SPREAD == 0 && row / SPREAD < height;
      const size_t source = ((size_t)(there ? row / SPREAD : 0) * width + pixel) * pixel_bytes + piece;
      fetch<piece_bytes>(to + r * row_bytes + pixel * SPREAD * PITCH + piece, from + source, there);
    });
  }

  // By the threads that have fetched them.
  __device__ __forceinline__ void round_rows(Byte* to, int rows) const {
    each_piece(rows, [&](int r, int pixel, int piece) {
      uint4* here = (uint4*)(to + r * row_bytes + pixel * SPREAD * PITCH + piece);
      *here = make_uint4(to_tf32(here->x), to_tf32(here->y), to_tf32(here->z), to_tf32(here->w));
    });
  }

  template <class Work>
  __device__ __forceinline__ void each_piece(int rows, Work work) const {
    for (int r = threadIdx.x / 32; r < rows; r += blockDim.x / 32)
      for (int i = threadIdx.x % 32; i < width * pieces; i += 32) work(r, i / pieces, i % pieces * piece_bytes);
  }

  // Zeros wherever no piece of rows with a border of one pixel comes to lie, ROOM bytes a pixel.
  template <int ROOM>
  __device__ __forceinline__ void clear_rest(Byte* tile, int rows) const {
    constexpr int all = ROOM / piece_bytes;
    for (int r = threadIdx.x / 32; r < rows; r += blockDim.x / 32)
      for (int i = threadIdx.x % 32; i < row_bytes / PITCH * all; i += 32) {
        const int column = i / all - 1, piece = i % all;
        if (column >= 0 && column % SPREAD == 0 && column / SPREAD < width && piece < pieces) continue;
        uint2* here = (uint2*)(tile + r * row_bytes + (column + 1) * PITCH + piece * piece_bytes);
        for (int j = 0; j < piece_bytes / 8; j++) here[j] = make_uint2(0, 0);
      }
  }
};

// --- Output, and gradient of the input ---

// A product from FROM channels to TO. Of the weights, a warp keeps those of WIDE x 8 channels of the result: column g of
// part n is channel g WIDE + n, so that the results of a lane are channels beside each other.
template <int FROM, int TO>
struct Narrow {
  static constexpr int bytes = FROM * sizeof(Element), room = bytes < 32 ? 32 : bytes, steps = room / 32;
  static constexpr int pitch = room + 16;                // so that 8 pixels beside each other lie in different banks
  static constexpr int wide = steps < 8 ? 2 : 1;         // so that the weights fit into the registers
  static constexpr int kept = TAPS * steps * wide * 2;   // registers
  static constexpr int slices = TO / 8 / wide;           // warps with other channels of the same pixels
  static constexpr int warps = slices < 4 ? 4 : slices;
  static constexpr int together = kept > 72 && wide == 2 ? 4 : 2;  // times 16 pixels that a warp works on at once
};

// The word of a product's step at this byte of a tap, for the WIDE parts. The gradient goes from outputs to inputs, so its
// weights lie across, the last tap first. `from` is where this lane's first word is, one of four.
template <int FROM, int TO, bool GRADIENT>
__device__ __forceinline__ void keep(Word (&parts)[Narrow<FROM, TO>::wide][2], const Byte* from, int tap, int byte,
                                     int word) {
  typedef Narrow<FROM, TO> N;
  const int half = byte / 16 % 2;
  if (!GRADIENT) {
    const bool there = byte + 16 <= N::bytes || byte + 4 * word < N::bytes;
#pragma unroll
    for (int n = 0; n < N::wide; n++)
      parts[n][half] = there ? *(const Word*)(from + (n * TAPS + tap) * N::bytes + byte) : 0;
    return;
  }
  constexpr int tap_bytes = TO * sizeof(Element);
  const Byte* first = from + (byte / (int)sizeof(Element) * TAPS + TAPS - 1 - tap) * tap_bytes;
#if BFLOAT16
  const Word low = *(const Word*)first, high = *(const Word*)(first + TAPS * tap_bytes);  // two parts each
  parts[0][half] = (low & 0xffffu) | high << 16;
  parts[1][half] = low >> 16 | (high & 0xffff0000u);
#else
#pragma unroll
  for (int n = 0; n < N::wide; n++) parts[n][half] = *(const Word*)(first + 4 * n);
#endif
}

template <int FROM, int TO, int STRIDE, bool GRADIENT>
__device__ __forceinline__ void convolve(const Element* x, const Element* w, Element* y, int height, int width, int rows,
                                         int strips, int count) {
  typedef Narrow<FROM, TO> N;
  typedef Images<N::bytes, N::pitch, GRADIENT ? STRIDE : 1> X;
  constexpr int stride = GRADIENT ? 1 : STRIDE;  // of what lies in shared memory
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, first_channel = warp % N::slices * 8 * N::wide;
  const int height_out = strided(height, STRIDE), width_out = strided(width, STRIDE);
  const Tiles tiles = GRADIENT ? Tiles(height, width, rows, strips, count)
                               : Tiles(height_out, width_out, rows, strips, count);
  const X images = {(const Byte*)x, N::bytes, GRADIENT ? height_out : height, GRADIENT ? width_out : width,
                    (width + 2) * N::pitch};
  const int tile_rows = (rows - 1) * stride + 3;
  Byte* const buffers = tile_memory();

  int tile = blockIdx.x, turn = 0;
  images.fetch_rows(buffers + N::pitch, tiles.image(tile), tiles.top(tile) * stride - 1, tile_rows);
  end_of_group();
  images.template clear_rest<N::room>(buffers, tile_rows);
  images.template clear_rest<N::room>(buffers + TILE_BYTES, tile_rows);

  Word kept[TAPS][N::steps][N::wide][2];
  const int column = first_channel + lane / 4 * N::wide, word = lane % 4;
  const int first_word = GRADIENT ? word * (4 / (int)sizeof(Element)) * TAPS * TO + column
                                  : column * TAPS * FROM + word * (4 / (int)sizeof(Element));
#pragma unroll
  for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
    for (int byte = 0; byte < N::room; byte += 16)
      keep<FROM, TO, GRADIENT>(kept[tap][byte / 32], (const Byte*)(w + first_word), tap, byte, word);
#if !BFLOAT16
#pragma unroll
  for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
    for (int i = 0; i < N::steps * N::wide * 2; i++) {
      Word& value = kept[tap][i / (N::wide * 2)][i / 2 % N::wide][i % 2];
      value = to_tf32(value);
    }
#endif

  for (; tile < tiles.tiles; tile += gridDim.x, turn ^= 1) {
    Byte* here = buffers + turn * TILE_BYTES;
    const int next = tile + gridDim.x;
    if (next < tiles.tiles)
      images.fetch_rows(buffers + (turn ^ 1) * TILE_BYTES + N::pitch, tiles.image(next), tiles.top(next) * stride - 1,
                        tile_rows);
    end_of_group();
    fetched();
#if !BFLOAT16
    images.round_rows(here + N::pitch, tile_rows);
#endif
    __syncthreads();

    const int pixels = min(tiles.rows, tiles.height - tiles.top(tile)) * tiles.width;
    Element* to = y + ((size_t)tiles.image(tile) * tiles.height + tiles.top(tile)) * tiles.width * TO + first_channel +
                  lane % 4 * 2 * N::wide;
    constexpr int many = 16 * N::together;
    for (int m = warp / N::slices * many; m < pixels; m += N::warps / N::slices * many) {
      Shared at[N::together];
      float sum[N::together][N::wide][4];
#pragma unroll
      for (int u = 0; u < N::together; u++) {
        const int pixel = min(m + 16 * u + lane % 16, pixels - 1);
        at[u] = shared(here) + tiles.offset(pixel, stride * images.row_bytes, stride * N::pitch) + lane / 16 * 16;
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
            read_rows(a, at[u] + tap / 3 * images.row_bytes + tap % 3 * N::pitch + 32 * s);
#pragma unroll
            for (int n = 0; n < N::wide; n++) multiply(sum[u][n], a, kept[tap][s][n]);
          }
#pragma unroll
      for (int u = 0; u < N::together; u++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int pixel = m + 16 * u + 8 * half + lane / 4;
          if (pixel >= pixels) continue;
          Element* there = to + (size_t)pixel * TO;
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

// --- Gradient of the weights ---

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

// The second stage, in blocks of 32 values x so many parts of the sums: outputs x taps x inputs.
extern "C" __global__ void __launch_bounds__(1024)
    add_weights(const float* sums, Element* weights, int blocks, int inputs, int outputs, int values) {
  __shared__ float parts[32][33];
  const int count = values * gridDim.y, at = blockIdx.x * 32 + threadIdx.x;
  float sum = 0;
#pragma unroll 8
  for (int i = threadIdx.y; i < blocks; i += blockDim.y) sum += sums[(size_t)i * count + blockIdx.y * values + at];
  parts[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y) return;
  for (int i = 1; i < blockDim.y; i++) sum += parts[i][threadIdx.x];
  // As each warp of a Slice has left it: tap, then 16 outputs, 8 inputs, 4 values of a lane.
  const int down = outputs == 16 ? 1 : 2, across = outputs == 16 && inputs >= 16 ? 2 : 1;
  const int slices_across = inputs < 8 ? 1 : inputs / 8 / across;
  const int lane = at % 32, i = at / 32 % 4, n = at / 128 % across, m = at / 128 / across % down;
  const int tap = at / 128 / across / down;
  const int output = ((int)blockIdx.y / slices_across * down + m) * 16 + lane / 4 + i / 2 * 8;
  const int input = ((int)blockIdx.y % slices_across * across + n) * 8 + lane % 4 * 2 + i % 2;
  if (input < inputs) put(weights, (output * TAPS + tap) * inputs + input, sum);
}

// --- Kernels ---

// Grid: any number of blocks up to the number of tiles.
#define CONVOLVE(NAME, FROM, TO, STRIDE, GRADIENT)                                                                     \
  extern "C" __global__ void __launch_bounds__(32 * Narrow<FROM, TO>::warps, Narrow<FROM, TO>::kept > 72 ? 1 : 4)      \
      NAME(const Element* x, const Element* w, Element* y, int height, int width, int rows, int strips, int tiles) {   \
    convolve<FROM, TO, STRIDE, GRADIENT>(x, w, y, height, width, rows, strips, tiles);                                 \
  }

// Grid: blocks that share the tiles x slices. Each leaves sums of its tiles: sums[block across][slice][beside][value].
#define CONVOLVE_WEIGHTS(NAME, INPUTS, OUTPUTS, STRIDE)                                                                \
  extern "C" __global__ void                                                                                           \
      __launch_bounds__(32 * Slice<INPUTS, OUTPUTS>::warps, 4 / Slice<INPUTS, OUTPUTS>::beside)                        \
      NAME(const Element* x, const Element* gradient, float* sums, int height, int width, int rows, int strips,        \
           int tiles, int at_once) {                                                                                   \
    convolve_weights<INPUTS, OUTPUTS, STRIDE>(x, gradient, sums, height, width, rows, strips, tiles, at_once);         \
  }

#define CONVOLUTION(INPUTS, OUTPUTS, STRIDE)                                                \
  CONVOLVE(convolve_##INPUTS##_##OUTPUTS, INPUTS, OUTPUTS, STRIDE, false)                   \
  CONVOLVE(convolve_back_##INPUTS##_##OUTPUTS, OUTPUTS, INPUTS, STRIDE, true)               \
  CONVOLVE_WEIGHTS(convolve_weights_##INPUTS##_##OUTPUTS, INPUTS, OUTPUTS, STRIDE)
CONVOLUTION(16, 16, 1)
CONVOLUTION(32, 32, 1)
CONVOLUTION(64, 64, 1)
CONVOLUTION(16, 32, 2)
CONVOLUTION(32, 64, 2)

// An image's gradient is of no use.
CONVOLVE(convolve_4_16, 4, 16, 1, false)
CONVOLVE_WEIGHTS(convolve_weights_4_16, 4, 16, 1)

#endif
