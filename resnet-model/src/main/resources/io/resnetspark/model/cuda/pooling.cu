// Max pooling, the mean of each channel, and the shortcut without parameters.

#define NOWHERE 255  // where ReLU let nothing through

// Where a thread works: a group of a column of a row of an image. Grid: rows of all images x columns and groups; so only
// one division is left that each thread makes, and none of 64 bits, which would take longer than the memory does.
struct Spot {
  int n, row, column, g;
  bool inside;
};

__device__ __forceinline__ Spot spot(int rows, int columns, int groups) {
  const Word i = blockIdx.y * blockDim.x + threadIdx.x, width = groups;
  return {(int)(blockIdx.x / (Word)rows), (int)(blockIdx.x % (Word)rows), (int)(i / width), (int)(i % width),
          i < columns * width};
}

// The maximum of a window, of scale y + shift with ReLU where a table is given, else of y itself; and where in the window
// it stood. Of equal ones the first counts. NaN wins.
template <int KERNEL, int STRIDE, int PADDING>
__device__ __forceinline__ void max_of_windows(const Element* y, const float* table, Element* out, Byte* place,
                                               int height, int width, int out_height, int out_width, int groups) {
  const Spot s = spot(out_height, out_width, groups);
  if (!s.inside) return;
  const int count = groups * LANES;
  Lanes scale = same(1), shift = same(0), best = same(table ? 0.f : -__int_as_float(0x7f800000));
  if (table) {
    scale = channels(table + 2 * count, s.g);
    shift = channels(table + 3 * count, s.g);
  }
  Byte found[LANES];
  FOR_LANES found[j] = table ? NOWHERE : 0;
#pragma unroll
  for (int k = 0; k < KERNEL * KERNEL; k++) {
    const int h = s.row * STRIDE - PADDING + k / KERNEL, w = s.column * STRIDE - PADDING + k % KERNEL;
    if (h < 0 || h >= height || w < 0 || w >= width) continue;
    const Lanes v = load(y, ((size_t)(s.n * height + h) * width + w) * groups + s.g);
    FOR_LANES {
      const float x = v.at[j] * scale.at[j] + shift.at[j];
      if (best.at[j] == best.at[j] && !(x <= best.at[j])) {
        best.at[j] = x;
        found[j] = k;
      }
    }
  }
  const size_t i = ((size_t)blockIdx.x * out_width + s.column) * groups + s.g;
  store(out, i, best);
  if (place)
#pragma unroll
    for (int j = 0; j < LANES; j += 4)
      ((Word*)place)[(i * LANES + j) / 4] = found[j] | found[j + 1] << 8 | found[j + 2] << 16 | (Word)found[j + 3] << 24;
}

// The gradient of the pooled image, of one gradient or of the sum of two, gathered: no two threads write the same place.
// A thread has a square of STRIDE x STRIDE pixels, so it reads each window that reaches into it once.
template <int KERNEL, int STRIDE, int PADDING>
__device__ __forceinline__ void max_of_windows_backward(const Element* gradient, const Element* second,
                                                        const Byte* place, Element* to, int height, int width,
                                                        int out_height, int out_width, int groups) {
  static_assert(PADDING < STRIDE && KERNEL <= STRIDE + PADDING, "two windows at most reach into the square, of each way");
  const int WINDOWS = PADDING > 0 ? 2 : 1;
  const Spot s = spot((height + STRIDE - 1) / STRIDE, (width + STRIDE - 1) / STRIDE, groups);
  if (!s.inside) return;
  Lanes sum[STRIDE][STRIDE];
#pragma unroll
  for (int p = 0; p < STRIDE * STRIDE; p++) sum[p / STRIDE][p % STRIDE] = same(0);
#pragma unroll
  for (int o = 0; o < WINDOWS * WINDOWS; o++) {
    const int down = o / WINDOWS, right = o % WINDOWS, row = s.row + down, column = s.column + right;
    if (row >= out_height || column >= out_width) continue;
    const size_t from = ((size_t)(s.n * out_height + row) * out_width + column) * groups + s.g;
    Lanes v = load(gradient, from);
    if (second) {
      const Lanes more = load(second, from);
      FOR_LANES v.at[j] += more.at[j];
    }
    Word places[LANES / 4];
#pragma unroll
    for (int q = 0; q < LANES / 4; q++) places[q] = ((const Word*)place)[from * (LANES / 4) + q];
#pragma unroll
    for (int p = 0; p < STRIDE * STRIDE; p++) {
      const int y = p / STRIDE + PADDING - down * STRIDE, x = p % STRIDE + PADDING - right * STRIDE;
      if (y < 0 || y >= KERNEL || x < 0 || x >= KERNEL) continue;
      FOR_LANES if ((places[j / 4] >> 8 * (j % 4) & 255) == y * KERNEL + x) sum[p / STRIDE][p % STRIDE].at[j] += v.at[j];
    }
  }
#pragma unroll
  for (int p = 0; p < STRIDE * STRIDE; p++) {
    const int h = s.row * STRIDE + p / STRIDE, w = s.column * STRIDE + p % STRIDE;
    if (h < height && w < width)
      store(to, ((size_t)(s.n * height + h) * width + w) * groups + s.g, sum[p / STRIDE][p % STRIDE]);
  }
}

#define POOLING(name, kernel, stride, padding)                                                                      \
  extern "C" __global__ void __launch_bounds__(256)                                                                 \
      max_pool_##name(const Element* y, const float* table, Element* out, Byte* place, int height, int width,       \
                      int out_height, int out_width, int groups) {                                                  \
    max_of_windows<kernel, stride, padding>(y, table, out, place, height, width, out_height, out_width, groups);    \
  }                                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256)                                                                 \
      backward_max_pool_##name(const Element* gradient, const Element* second, const Byte* place, Element* to,      \
                               int height, int width, int out_height, int out_width, int groups) {                  \
    max_of_windows_backward<kernel, stride, padding>(gradient, second, place, to, height, width, out_height,        \
                                                     out_width, groups);                                            \
  }

POOLING(3, 3, 2, 1)  // of the residual networks' stem
POOLING(2, 2, 2, 0)  // of VGG

extern "C" __global__ void average(const Element* x, Element* means, int batch, int pixels, int groups) {
  const size_t i = thread_number();
  if (i >= (size_t)batch * groups) return;
  const size_t n = i / groups, g = i % groups;
  Lanes sum = same(0);
#pragma unroll 4
  for (int p = 0; p < pixels; p++) {
    const Lanes v = load(x, (n * pixels + p) * groups + g);
    FOR_LANES sum.at[j] += v.at[j];
  }
  FOR_LANES sum.at[j] /= pixels;
  store(means, i, sum);
}

extern "C" __global__ void backward_average(const Element* gradient, Element* to, int batch, int pixels, int groups) {
  const size_t i = thread_number();
  if (i >= (size_t)batch * pixels * groups) return;
  Lanes v = load(gradient, i / ((size_t)pixels * groups) * groups + i % groups);
  FOR_LANES v.at[j] /= pixels;
  store(to, i, v);
}

// Option A: every stride-th pixel, zero channels before and behind the image's own.
extern "C" __global__ void pad_channels(const Element* x, Element* out, int batch, int height, int width, int stride,
                                        int in_groups, int out_groups) {
  const size_t i = thread_number();
  const int rows = (height - 1) / stride + 1, columns = (width - 1) / stride + 1;
  if (i >= (size_t)batch * rows * columns * out_groups) return;
  const int g = (int)(i % out_groups) - (out_groups - in_groups) / 2, column = i / out_groups % columns;
  const int row = i / ((size_t)out_groups * columns) % rows, n = i / ((size_t)out_groups * columns * rows);
  const size_t from = ((size_t)(n * height + row * stride) * width + column * stride) * in_groups + g;
  ((uint4*)out)[i] = g >= 0 && g < in_groups ? raw(x, from) : make_uint4(0, 0, 0, 0);
}

extern "C" __global__ void backward_pad_channels(const Element* gradient, Element* to, int batch, int height,
                                                 int width, int stride, int in_groups, int out_groups) {
  const size_t i = thread_number();
  if (i >= (size_t)batch * height * width * in_groups) return;
  const int rows = (height - 1) / stride + 1, columns = (width - 1) / stride + 1;
  const int g = i % in_groups + (out_groups - in_groups) / 2, w = i / in_groups % width;
  const int h = i / ((size_t)in_groups * width) % height, n = i / ((size_t)in_groups * width * height);
  const size_t from = ((size_t)(n * rows + h / stride) * columns + w / stride) * out_groups + g;
  ((uint4*)to)[i] = h % stride || w % stride ? make_uint4(0, 0, 0, 0) : raw(gradient, from);
}
