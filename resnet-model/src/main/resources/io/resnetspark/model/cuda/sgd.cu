// Momentum with weight decay, in one walk: v = momentum v + rate (scale g + decay w); w = w - v, or with Nesterov's
// momentum w = w - rate (scale g + decay w) - momentum v.
//
// What changes from step to step is read from device memory, so that a recorded step follows a schedule.

struct Settings {
  float rate, momentum, decay, scale;  // scale: of the gradient, which is summed over the images of a step
  float nesterov, clip;                // clip: the largest norm of the mean gradient over its norm, at most 1
};

// A rule for each 64 values: parameters lie in multiples of that.
#define TRAINS 1
#define DECAYS 2

__device__ __forceinline__ float sgd_update(float& weight, float& velocity, float gradient, Byte rule,
                                            const Settings& s) {
  if (rule & TRAINS) {
    const float decayed = rule & DECAYS ? s.rate * s.decay * weight : 0.f;
    const float step = s.rate * s.scale * s.clip * gradient + decayed;
    velocity = s.momentum * velocity + step;
    weight -= s.nesterov != 0 ? step + s.momentum * velocity : velocity;
  }
  return weight;
}

// Weights, whose gradient is of elements; `copy` is what convolutions read, in elements, or null where that is `weights`.
extern "C" __global__ void sgd_update_weights(float* weights, float* velocity, const Element* gradient, Element* copy,
                                              const Byte* rules, const Settings* settings, size_t count) {
  const size_t i = thread_number();
  if (i >= count) return;
  const float now = sgd_update(weights[i], velocity[i], get(gradient, i), rules[i / 64], *settings);
  if (copy) put(copy, i, now);
}

// The same with a gradient of floats: of gamma, beta and biases, and of several minibatches summed.
extern "C" __global__ void sgd_update_floats(float* weights, float* velocity, const float* gradient, Element* copy,
                                             const Byte* rules, const Settings* settings, size_t count) {
  const size_t i = thread_number();
  if (i >= count) return;
  const float now = sgd_update(weights[i], velocity[i], gradient[i], rules[i / 64], *settings);
  if (copy) put(copy, i, now);
}

extern "C" __global__ void accumulate_weights(float* sum, const Element* gradient, size_t count) {
  const size_t i = thread_number();
  if (i < count) sum[i] += get(gradient, i);
}

extern "C" __global__ void accumulate_floats(float* sum, const float* gradient, size_t count) {
  const size_t i = thread_number();
  if (i < count) sum[i] += gradient[i];
}

// Running statistics: running += share (batch - running).
extern "C" __global__ void update_running_statistics(float* running, const float* batch, float share, size_t count) {
  const size_t i = thread_number();
  if (i < count) running[i] += share * (batch[i] - running[i]);
}

// Squares of a gradient's trained values, a partial sum a block of 256, from place `first` on; then all in one block.
__device__ __forceinline__ double sum_of_block(double mine) {
  __shared__ double sums[256];
  sums[threadIdx.x] = mine;
  __syncthreads();
  for (int half = 128; half; half >>= 1) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  return sums[0];
}

extern "C" __global__ void squares_of_weights(const Element* gradient, const Byte* rules, double* partial,
                                              int first, size_t count) {
  double sum = 0;
  for (size_t i = thread_number(); i < count; i += (size_t)gridDim.x * blockDim.x) {
    const double g = rules[i / 64] & TRAINS ? get(gradient, i) : 0;
    sum += g * g;
  }
  sum = sum_of_block(sum);
  if (!threadIdx.x) partial[first + blockIdx.x] = sum;
}

extern "C" __global__ void squares_of_floats(const float* gradient, const Byte* rules, double* partial, int first,
                                             size_t count) {
  double sum = 0;
  for (size_t i = thread_number(); i < count; i += (size_t)gridDim.x * blockDim.x) {
    const double g = rules[i / 64] & TRAINS ? gradient[i] : 0;
    sum += g * g;
  }
  sum = sum_of_block(sum);
  if (!threadIdx.x) partial[first + blockIdx.x] = sum;
}

extern "C" __global__ void clip(const double* partial, int blocks, float largest_norm, Settings* settings) {
  double sum = 0;
  for (int i = threadIdx.x; i < blocks; i += 256) sum += partial[i];
  const double norm = sqrt(sum_of_block(sum)) * settings->scale;
  if (!threadIdx.x) settings->clip = norm > largest_norm ? largest_norm / norm : 1;
}

// The copy of weights that convolutions read.
extern "C" __global__ void to_elements(const float* from, Element* to, size_t count) {
  const size_t i = thread_number();
  if (i < count) put(to, i, from[i]);
}
