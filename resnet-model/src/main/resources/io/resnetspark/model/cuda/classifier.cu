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

// Targets are shares of each class, which sum to one. The gradient is that of the sum of the images' losses.
extern "C" __global__ void cross_entropy(const Element* logits, const float* bias, const float* targets,
                                         Element* gradient, float* losses, int batch, int classes, int stride) {
  const int n = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x & 31;
  if (n >= batch) return;
  logits += (size_t)n * stride;
  targets += (size_t)n * classes;
  const Softmax s = softmax(logits, bias, classes, lane);
  const float logarithm = logf(s.sum) + s.largest;
  float loss = 0;
  for (int k = lane; k < stride; k += 32) {
    float g = 0;
    if (k < classes) {
      const float x = get(logits, k) + bias[k];
      if (targets[k] != 0) loss += targets[k] * (logarithm - x);
      g = expf(x - s.largest) / s.sum - targets[k];
    }
    put(gradient, (size_t)n * stride + k, g);
  }
  for (int d = 16; d; d >>= 1) loss += __shfl_xor_sync(~0u, loss, d);
  if (!lane) losses[n] = loss;
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

// total[0] is the sum over this batch, total[1] over all since it was set to zero. One block of 256.
extern "C" __global__ void sum_losses(const float* losses, double* total, int batch) {
  __shared__ double sums[256];
  double sum = 0;
  for (int i = threadIdx.x; i < batch; i += 256) sum += losses[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  for (int half = 128; half; half >>= 1) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  if (!threadIdx.x) {
    total[0] = sums[0];
    total[1] += sums[0];
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
