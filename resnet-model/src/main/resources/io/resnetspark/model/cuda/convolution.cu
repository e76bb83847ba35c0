// 3x3 convolutions, padding 1, of CIFAR's networks: from 16, 32 or 64 channels to as many with stride 1, from 16 or 32 to
// twice as many with stride 2, and from an image (4 channels) to 16; and the gradients of their inputs. Libraries are made
// for more channels, and take several times what the memory takes. Heights and widths are those of the convolution's input.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

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

// Grid: any number of blocks up to the number of tiles.
#define CONVOLVE(NAME, FROM, TO, STRIDE, GRADIENT)                                                                     \
  extern "C" __global__ void __launch_bounds__(32 * Narrow<FROM, TO>::warps, Narrow<FROM, TO>::kept > 72 ? 1 : 4)      \
      NAME(const Element* x, const Element* w, Element* y, int height, int width, int rows, int strips, int tiles) {   \
    convolve<FROM, TO, STRIDE, GRADIENT>(x, w, y, height, width, rows, strips, tiles);                                 \
  }

#define CONVOLVE_BOTH_WAYS(INPUTS, OUTPUTS, STRIDE)                       \
  CONVOLVE(convolve_##INPUTS##_##OUTPUTS, INPUTS, OUTPUTS, STRIDE, false) \
  CONVOLVE(convolve_back_##INPUTS##_##OUTPUTS, OUTPUTS, INPUTS, STRIDE, true)
CONVOLVE_BOTH_WAYS(16, 16, 1)
CONVOLVE_BOTH_WAYS(32, 32, 1)
CONVOLVE_BOTH_WAYS(64, 64, 1)
CONVOLVE_BOTH_WAYS(16, 32, 2)
CONVOLVE_BOTH_WAYS(32, 64, 2)
CONVOLVE(convolve_4_16, 4, 16, 1, false)  // an image's gradient is of no use

#endif
