// What a 3x3 convolution works on in shared memory. A tile is so many rows of a result; in shared memory lies what they are
// made from, with zeros around an image. Blocks go over tiles, and fetch the next one while they compute.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

#define TAPS 9
#define TILE_BYTES 24576  // two are what a kernel may have without asking for more

__device__ __forceinline__ Byte* tile_memory() {
  __shared__ uint4 both[2 * TILE_BYTES / sizeof(uint4)];
  return (Byte*)both;
}

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

#endif
