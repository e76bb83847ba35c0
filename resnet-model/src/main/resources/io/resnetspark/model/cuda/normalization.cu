// Batch normalisation, with the addition and the ReLU behind it.
//
// These kernels run blocks of 256 threads, some across the groups of a row, the rest down the rows (Tile.java). A thread
// keeps its channels, so what belongs to a channel stays in registers. Grid: groups / threads across x row blocks. So the
// blocks beside each other, which share lines of the mask, run at the same time; all that have the same channels are a strip.
//
// A table of a layer holds, for each channel: mean, 1 / deviation, scale, shift; scale = gamma / deviation,
// shift = beta - mean scale. So normalising is scale y + shift.

#define ROWS 4  // read at once by a thread, to keep the memory busy
#define THREADS 256
#define WARPS (THREADS / 32)
#define ACROSS 8                      // threads, at most, where sums are made; as in Tile.java
#define COLUMNS (2 * ACROSS * LANES)  // of a block's sums, at most

struct Tile {
  int group, first, step;
};

__device__ __forceinline__ Tile tile() {
  return {(int)(blockIdx.x * blockDim.x + threadIdx.x), (int)(blockIdx.y * blockDim.y + threadIdx.y),
          (int)(gridDim.y * blockDim.y)};
}

__device__ __forceinline__ int thread_of_block() { return threadIdx.y * blockDim.x + threadIdx.x; }

// Adds up a and b over the rows of a block; sums[strip][row block][a or b][channel of the strip].
__device__ __forceinline__ void sum_rows(Lanes a, Lanes b, float* sums) {
  __shared__ float shared[WARPS][COLUMNS];
  const int across = blockDim.x, thread = thread_of_block(), lane = thread & 31, warp = thread >> 5;
  for (int distance = across; distance < 32; distance <<= 1)
    FOR_LANES {
      a.at[j] += __shfl_xor_sync(~0u, a.at[j], distance);
      b.at[j] += __shfl_xor_sync(~0u, b.at[j], distance);
    }
  if (lane < across)
    FOR_LANES {
      shared[warp][lane * LANES + j] = a.at[j];
      shared[warp][(across + lane) * LANES + j] = b.at[j];
    }
  __syncthreads();
  const int columns = 2 * across * LANES;
  float* to = sums + ((size_t)blockIdx.x * gridDim.y + blockIdx.y) * columns;
  for (int i = thread; i < columns; i += THREADS) {
    float sum = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) sum += shared[w][i];
    to[i] = sum;
  }
}

// Whether this block is the last of its strip to come here. Then what the others wrote before they came can be read, past
// the multiprocessor's own cache. Tickets are zero before, one a strip, and again when the last one has taken its.
__device__ __forceinline__ bool is_last(Word* tickets) {
  __shared__ Word taken;
  const Word last = gridDim.y - 1;
  __syncthreads();
  if (thread_of_block() == 0) {
    __threadfence();
    taken = atomicInc(tickets + blockIdx.x, last);
    __threadfence();
  }
  __syncthreads();
  return taken == last;
}

// The channel that a thread of the last block finishes. There are several threads for each; the first writes.
struct Channel {
  int number;
  bool writes;
};

__device__ __forceinline__ Channel channel() {
  const int half = blockDim.x * LANES, thread = thread_of_block();
  return {(int)blockIdx.x * half + thread % half, thread < half};
}

struct Sums {
  double a, b;
};

// What the blocks of a strip left, added up in the order of their numbers, whichever came last: the sums of the thread's
// channel, if it writes. A thread reads four columns of every so many-th row, 8 rows at once. Not inlined, so that the
// loops before it need no more registers.
__device__ __noinline__ Sums sum_blocks(const float* sums) {
  __shared__ double shared[WARPS][COLUMNS];
  const int half = blockDim.x * LANES, vectors = half / 2, thread = thread_of_block(), column = thread % vectors;
  const int rows = gridDim.y, step = THREADS / vectors;
  const float4* from = (const float4*)sums + (size_t)blockIdx.x * rows * vectors + column;
  double sum[4] = {0, 0, 0, 0};
  for (int r = thread / vectors; r < rows; r += 8 * step) {
    float4 read[8];
#pragma unroll
    for (int u = 0; u < 8; u++) read[u] = __ldcg(from + min(r + u * step, rows - 1) * vectors);
#pragma unroll
    for (int u = 0; u < 8; u++)
      if (r + u * step < rows) {
        sum[0] += read[u].x;
        sum[1] += read[u].y;
        sum[2] += read[u].z;
        sum[3] += read[u].w;
      }
  }
  for (int distance = vectors; distance < 32; distance <<= 1)
    for (int j = 0; j < 4; j++) sum[j] += __shfl_xor_sync(~0u, sum[j], distance);
  const int abreast = max(32, vectors);  // threads that now have all columns between them
  if ((thread & 31) < vectors)
    for (int j = 0; j < 4; j++) shared[thread / abreast][4 * column + j] = sum[j];
  __syncthreads();
  Sums total = {0, 0};
  if (thread < half)
    for (int i = 0; i < THREADS / abreast; i++) {
      total.a += shared[i][thread];
      total.b += shared[i][half + thread];
    }
  return total;
}

// A batch's table, and its mean and unbiased variance, which the running ones will follow. From sums of y - k and
// (y - k)^2, where k is the channel's first value: without cancellation where the mean is large.
extern "C" __global__ void __launch_bounds__(THREADS, 4)
    statistics(const Element* y, float* sums, Word* tickets, const float* gamma, const float* beta, float* table,
               float* batch, int rows, int groups, float epsilon) {
  const Tile t = tile();
  const Lanes k = load(y, t.group);
  Lanes sum = same(0), squares = same(0);
  for (int r = t.first; r < rows; r += ROWS * t.step) {
    uint4 read[ROWS];
#pragma unroll
    for (int u = 0; u < ROWS; u++) {
      // From the end, which was written last and may still be in the cache.
      if (r + u * t.step < rows) read[u] = raw(y, (size_t)(rows - 1 - r - u * t.step) * groups + t.group);
    }
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        const Lanes v = floats(read[u]);
        FOR_LANES {
          const float d = v.at[j] - k.at[j];
          sum.at[j] += d;
          squares.at[j] += d * d;
        }
      }
  }
  sum_rows(sum, squares, sums);
  if (!is_last(tickets)) return;
  const int c = channel().number, count = groups * LANES;
  const float first = get(y, c), slope = gamma[c], offset = beta[c];  // read while the sums are
  const Sums total = sum_blocks(sums);
  if (!channel().writes) return;
  const double beyond = total.a / rows, mean = first + beyond;
  const double spread = total.b / rows - beyond * beyond, variance = spread < 0 ? 0 : spread;
  const double inverse = rsqrt(variance + epsilon);
  table[c] = mean;
  table[count + c] = inverse;
  table[2 * count + c] = slope * inverse;
  table[3 * count + c] = offset - mean * slope * inverse;
  batch[c] = mean;
  batch[count + c] = rows > 1 ? variance * rows / (rows - 1) : variance;
}

// The table of running statistics, for inference.
extern "C" __global__ void running_table(const float* running, const float* gamma, const float* beta, float* table,
                                         int count, float epsilon) {
  const int c = thread_number();
  if (c >= count) return;
  const double inverse = rsqrt((double)running[count + c] + epsilon);
  table[c] = running[c];
  table[count + c] = inverse;
  table[2 * count + c] = gamma[c] * inverse;
  table[3 * count + c] = beta[c] - running[c] * gamma[c] * inverse;
}

// z = scale y + shift + shortcut, and ReLU if asked. The shortcut is none, an activation, or one still to be normalised
// by a table of its own. A bit of the mask is one where z lets the gradient through; no mask is written where none is
// given. NaN stays NaN.
extern "C" __global__ void __launch_bounds__(THREADS)
    normalize(const Element* y, const float* table, const Element* shortcut, const float* shortcut_table, Element* z,
              Byte* mask, int rows, int groups, int relu) {
  const Tile t = tile();
  const int count = groups * LANES;
  Lanes scale = channels(table + 2 * count, t.group), shift = channels(table + 3 * count, t.group), other = same(1);
  if (shortcut_table) {
    other = channels(shortcut_table + 2 * count, t.group);
    const Lanes more = channels(shortcut_table + 3 * count, t.group);
    FOR_LANES shift.at[j] += more.at[j];
  }
  for (int r = t.first; r < rows; r += ROWS * t.step) {
    uint4 a[ROWS], b[ROWS];
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        const size_t i = (size_t)(r + u * t.step) * groups + t.group;
        a[u] = raw(y, i);
        if (shortcut) b[u] = raw(shortcut, i);
      }
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        const size_t i = (size_t)(r + u * t.step) * groups + t.group;
        Lanes v = floats(a[u]);
        FOR_LANES v.at[j] = v.at[j] * scale.at[j] + shift.at[j];
        if (shortcut) {
          const Lanes w = floats(b[u]);
          FOR_LANES v.at[j] += w.at[j] * other.at[j];
        }
        Word bits = 0;
        FOR_LANES {
          if (!relu || !(v.at[j] <= 0)) bits |= 1u << j;
          else v.at[j] = 0;
        }
        store(z, i, v);
        if (mask) mask[i] = (Byte)bits;
      }
  }
}

// g = what the mask lets through of the gradient: of one, or of the sum of two. It is stored where a place is given, which
// may be the first gradient's own. From sums of g and of g (y - mean) the gradients of gamma and beta, and what the
// input's is made of: c0 g + c1 y + c2.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
    backward_sums(const Element* gradient, const Element* second, const Byte* mask, const Element* y,
                  const float* table, Element* g, float* sums, Word* tickets, float* gamma_gradient,
                  float* beta_gradient, float* coefficients, int rows, int groups) {
  const Tile t = tile();
  const Lanes mean = channels(table, t.group);
  Lanes beta = same(0), gamma = same(0);
  for (int r = t.first; r < rows; r += ROWS * t.step) {
    uint4 a[ROWS], b[ROWS], c[ROWS];
    Word bits[ROWS];
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        const size_t i = (size_t)(rows - 1 - r - u * t.step) * groups + t.group;
        a[u] = raw(gradient, i);
        c[u] = raw(y, i);
        if (second) b[u] = raw(second, i);
        bits[u] = mask ? mask[i] : ~0u;
      }
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        Lanes v = floats(a[u]);
        const Lanes x = floats(c[u]);
        if (second) {
          const Lanes w = floats(b[u]);
          FOR_LANES v.at[j] += w.at[j];
        }
        FOR_LANES {
          if (!(bits[u] >> j & 1)) v.at[j] = 0;
          beta.at[j] += v.at[j];
          gamma.at[j] += v.at[j] * (x.at[j] - mean.at[j]);
        }
        if (g) store(g, (size_t)(rows - 1 - r - u * t.step) * groups + t.group, v);
      }
  }
  sum_rows(beta, gamma, sums);
  if (!is_last(tickets)) return;
  const int c = channel().number, count = groups * LANES;
  const double center = table[c], inverse = table[count + c], scale = table[2 * count + c];
  const Sums total = sum_blocks(sums);
  if (!channel().writes) return;
  const double slope = total.b * inverse, along = -scale * inverse * slope / rows;
  gamma_gradient[c] = slope;
  beta_gradient[c] = total.a;
  coefficients[c] = scale;
  coefficients[count + c] = along;
  coefficients[2 * count + c] = -scale * total.a / rows - along * center;
}

// The input's gradient, which may lie where g does.
extern "C" __global__ void __launch_bounds__(THREADS)
    backward_input(const Element* g, const Byte* mask, const Element* y, const float* coefficients, Element* gradient,
                   int rows, int groups) {
  const Tile t = tile();
  const int count = groups * LANES;
  const Lanes c0 = channels(coefficients, t.group), c1 = channels(coefficients + count, t.group),
              c2 = channels(coefficients + 2 * count, t.group);
  for (int r = t.first; r < rows; r += ROWS * t.step) {
    uint4 a[ROWS], b[ROWS];
    Word bits[ROWS];
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        const size_t i = (size_t)(r + u * t.step) * groups + t.group;
        a[u] = raw(g, i);
        b[u] = raw(y, i);
        bits[u] = mask ? mask[i] : ~0u;
      }
#pragma unroll
    for (int u = 0; u < ROWS; u++)
      if (r + u * t.step < rows) {
        Lanes v = floats(a[u]);
        const Lanes x = floats(b[u]);
        FOR_LANES v.at[j] = (bits[u] >> j & 1 ? c0.at[j] * v.at[j] : 0.f) + c1.at[j] * x.at[j] + c2.at[j];
        store(gradient, (size_t)(r + u * t.step) * groups + t.group, v);
      }
  }
}

// What the mask lets through of a gradient, or of the sum of two: where an addition has a ReLU but no normalisation.
extern "C" __global__ void masked_sum(const Element* gradient, const Element* second, const Byte* mask, Element* g,
                                      size_t groups) {
  const size_t i = thread_number();
  if (i >= groups) return;
  Lanes v = load(gradient, i);
  const Word bits = mask ? mask[i] : ~0u;
  if (second) {
    const Lanes w = load(second, i);
    FOR_LANES v.at[j] += w.at[j];
  }
  FOR_LANES if (!(bits >> j & 1)) v.at[j] = 0;
  store(g, i, v);
}

// A sum without normalisation, and ReLU if asked.
extern "C" __global__ void addition(const Element* a, const Element* b, Element* sum, Byte* mask, size_t groups,
                                    int relu) {
  const size_t i = thread_number();
  if (i >= groups) return;
  Lanes v = load(a, i);
  const Lanes w = load(b, i);
  Word bits = 0;
  FOR_LANES {
    v.at[j] += w.at[j];
    if (!relu || !(v.at[j] <= 0)) bits |= 1u << j;
    else v.at[j] = 0;
  }
  store(sum, i, v);
  if (mask) mask[i] = (Byte)bits;
}

// x = ReLU(x + bias) in place, and then times a factor of 0 or 2 where dropout is given.
extern "C" __global__ void bias_relu(Element* x, const float* bias, const Byte* dropout, size_t groups,
                                     int row_groups) {
  const size_t i = thread_number();
  if (i >= groups) return;
  Lanes v = load(x, i);
  const Lanes b = channels(bias, i % row_groups);
  FOR_LANES {
    v.at[j] += b.at[j];
    if (v.at[j] <= 0) v.at[j] = 0;
    if (dropout) v.at[j] *= dropout[i * LANES + j];
  }
  store(x, i, v);
}

// Backward of bias_relu: g, which may lie where the gradient does, and the bias's gradient, the sum of g over the rows.
extern "C" __global__ void __launch_bounds__(THREADS)
    backward_bias_relu(const Element* gradient, const Element* output, const Byte* dropout, Element* g, float* sums,
                       Word* tickets, float* bias_gradient, int rows, int groups) {
  const Tile t = tile();
  Lanes sum = same(0);
  for (int r = t.first; r < rows; r += t.step) {
    const size_t i = (size_t)r * groups + t.group;
    Lanes v = load(gradient, i);
    const Lanes z = load(output, i);
    FOR_LANES {
      if (z.at[j] <= 0) v.at[j] = 0;
      else if (dropout) v.at[j] *= dropout[i * LANES + j];
      sum.at[j] += v.at[j];
    }
    store(g, i, v);
  }
  sum_rows(sum, same(0), sums);
  if (!is_last(tickets)) return;
  const Sums total = sum_blocks(sums);
  if (channel().writes) bias_gradient[channel().number] = total.a;
}
