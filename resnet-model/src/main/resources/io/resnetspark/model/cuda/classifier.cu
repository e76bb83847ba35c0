// Softmax with cross-entropy, a warp for each image. `stride` is the number of classes, padded.

struct Softmax {
  float largest, sum;
};

__device__ __forceinline__ Softmax softmax(const Element* logits, const float* bias, int classes, int lane) {
  Softmax s = {-__int_as_float(0x7f800000), 0};
  for (int k = lane; k < classes; k += 32) s.largest = fmaxf(s.largest, get(logits, k) + bias[k]);
  for (int d = 16; d; d >>= 1) s.largest = fmaxf(s.largest, __shfl_xor_sync(~0u, s.largest, d));
  for (int k = lane; k < classes; k += 32) s.sum += expf(get(logits, k) + bias[k] - s.largest);
  for (int d = 16; d; d >>= 1) s.sum += __shfl_xor_sync(~0u, s.sum, d);
  return s;
}

// The class with the largest target, the first of several.
__device__ __forceinline__ int label_of(const float* targets, int classes, int lane) {
  float best = -1;
  int label = 0;
  for (int k = lane; k < classes; k += 32)
    if (targets[k] > best) {
      best = targets[k];
      label = k;
    }
  for (int d = 16; d; d >>= 1) {
    const float other = __shfl_xor_sync(~0u, best, d);
    const int there = __shfl_xor_sync(~0u, label, d);
    if (other > best || (other == best && there < label)) {
      best = other;
      label = there;
    }
  }
  return label;
}

// Targets are shares of each class, which sum to one. The gradient is that of the sum of the images' losses. After the
// images' losses come their errors: 1 where another class than the target's goes before it, which of equals the first
// does, and what is no number before all.
extern "C" __global__ void cross_entropy(const Element* logits, const float* bias, const float* targets,
                                         Element* gradient, float* losses, int batch, int classes, int stride) {
  const int n = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x & 31;
  if (n >= batch) return;
  logits += (size_t)n * stride;
  targets += (size_t)n * classes;
  const Softmax s = softmax(logits, bias, classes, lane);
  const float logarithm = logf(s.sum) + s.largest;
  const int label = label_of(targets, classes, lane);
  const float own = get(logits, label) + bias[label];
  float loss = 0, error = 0;
  for (int k = lane; k < stride; k += 32) {
    float g = 0;
    if (k < classes) {
      const float x = get(logits, k) + bias[k];
      if (targets[k] != 0) loss += targets[k] * (logarithm - x);
      g = expf(x - s.largest) / s.sum - targets[k];
      if (k != label && !(x < own || (x == own && k > label))) error = 1;
    }
    put(gradient, (size_t)n * stride + k, g);
  }
  for (int d = 16; d; d >>= 1) {
    loss += __shfl_xor_sync(~0u, loss, d);
    error = fmaxf(error, __shfl_xor_sync(~0u, error, d));
  }
  if (!lane) {
    losses[n] = loss;
    losses[batch + n] = error;
  }
}

extern "C" __global__ void probabilities(const Element* logits, const float* bias, float* out, int batch, int classes,
                                         int stride) {
  const int n = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x & 31;
  if (n >= batch) return;
  logits += (size_t)n * stride;
  const Softmax s = softmax(logits, bias, classes, lane);
  for (int k = lane; k < classes; k += 32)
    out[(size_t)n * classes + k] = expf(get(logits, k) + bias[k] - s.largest) / s.sum;
}

// totals[0] is the sum of losses of this batch, totals[1] of all since it was set to zero, totals[2] that of errors. One
// block of 256.
extern "C" __global__ void sum_totals(const float* losses, double* totals, int batch) {
  __shared__ double sums[256], wrong[256];
  double sum = 0, errors = 0;
  for (int i = threadIdx.x; i < batch; i += 256) {
    sum += losses[i];
    errors += losses[batch + i];
  }
  sums[threadIdx.x] = sum;
  wrong[threadIdx.x] = errors;
  __syncthreads();
  for (int half = 128; half; half >>= 1) {
    if (threadIdx.x < half) {
      sums[threadIdx.x] += sums[threadIdx.x + half];
      wrong[threadIdx.x] += wrong[threadIdx.x + half];
    }
    __syncthreads();
  }
  if (!threadIdx.x) {
    totals[0] = sums[0];
    totals[1] += sums[0];
    totals[2] += wrong[0];
  }
}

// The gradient of a classifier's bias: sums over the batch. Blocks of 32 x 32.
extern "C" __global__ void sum_columns(const Element* gradient, float* sums, int batch, int stride) {
  __shared__ float shared[32][33];
  int c = blockIdx.x * 32 + threadIdx.x;
  float sum = 0;
  if (c < stride)
    for (int n = threadIdx.y; n < batch; n += 32) sum += get(gradient, (size_t)n * stride + c);
  shared[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  sum = shared[threadIdx.x][threadIdx.y];
  for (int d = 16; d; d >>= 1) sum += __shfl_xor_sync(~0u, sum, d);
  c = blockIdx.x * 32 + threadIdx.y;
  if (!threadIdx.x && c < stride) sums[c] = sum;
}
