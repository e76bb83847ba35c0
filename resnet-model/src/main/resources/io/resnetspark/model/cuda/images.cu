// Images as the first convolution wants them: batch x height x width x depth, zeros behind their own channels.
//
// They come as floats, batch x channels x height x width, or as levels, a byte each, with what is left to do to them.

struct Floats {
  const float* images;
  int channels, height, width;

  __device__ __forceinline__ float at(int n, int y, int x, int c) const {
    return images[((size_t)(n * channels + c) * height + y) * width + x];
  }
};

// Of one image: added to red, green and blue; then, once the mean is subtracted, moved and perhaps mirrored.
struct Adjustment {
  float colours[3], right, down, mirrored;
};

struct Levels {
  const Byte* rgb;
  const Adjustment* adjustments;
  const float *mean, *deviation;  // deviation[3]: whether the mean is one of each pixel
  int side;

  // In the order of Java's Mean.subtract, so that the same floats come out.
  __device__ __forceinline__ float at(int n, int y, int x, int c) const {
    const Adjustment& a = adjustments[n];
    x = (a.mirrored != 0 ? side - 1 - x : x) + (int)a.right;
    y += (int)a.down;
    if (x < 0 || y < 0 || x >= side || y >= side) return 0;
    const float level = rgb[((size_t)(n * side + y) * side + x) * 3 + c];
    if (deviation[3] != 0) return (level + a.colours[c] - mean[(c * side + y) * side + x]) / deviation[c];
    return (level - (mean[c] - a.colours[c])) / deviation[c];
  }
};

template <class Images>
__device__ __forceinline__ void pack_pixels(const Images& images, Element* to, int batch, int channels, int height,
                                            int width, int depth) {
  const size_t i = thread_number();
  if (i >= (size_t)batch * height * width) return;
  const int n = i / ((size_t)height * width), y = i / width % height, x = i % width;
  for (int c = 0; c < depth; c++) put(to, i * depth + c, c < channels ? images.at(n, y, x, c) : 0.f);
}

// Blocks of 2x2 pixels as 16 channels, with a border: a 7x7 convolution of stride 2 and padding 3 is then a 4x4 one of
// stride 1 without padding, which tensor cores like better (docs/decisions/0004). Three channels and an even side.
// Channel (dy 2 + dx) 3 + c of block (x, y) is channel c of pixel (2 (x - 2) + dx, 2 (y - 2) + dy).
template <class Images>
__device__ __forceinline__ void pack_blocks(const Images& images, Element* to, int batch, int side) {
  const int blocks = side / 2 + 3;
  const size_t i = thread_number();
  if (i >= (size_t)batch * blocks * blocks) return;
  const int x = 2 * ((int)(i % blocks) - 2), y = 2 * ((int)(i / blocks % blocks) - 2), n = i / (blocks * blocks);
  const bool inside = x >= 0 && y >= 0 && x < side && y < side;
#pragma unroll
  for (int part = 0; part < 16 / LANES; part++) {
    Lanes v;
    FOR_LANES {
      const int c = part * LANES + j;
      v.at[j] = inside && c < 12 ? images.at(n, y + c / 6, x + c / 3 % 2, c % 3) : 0.f;
    }
    store(to, i * (16 / LANES) + part, v);
  }
}

extern "C" __global__ void pack_floats(const float* images, Element* to, int batch, int channels, int height,
                                       int width, int depth) {
  pack_pixels(Floats{images, channels, height, width}, to, batch, channels, height, width, depth);
}

extern "C" __global__ void pack_floats_in_blocks(const float* images, Element* to, int batch, int channels, int height,
                                                 int width, int depth) {
  pack_blocks(Floats{images, channels, height, width}, to, batch, height);
}

extern "C" __global__ void pack_levels(const Byte* rgb, const Adjustment* adjustments, const float* mean,
                                       const float* deviation, Element* to, int batch, int channels, int height,
                                       int width, int depth) {
  pack_pixels(Levels{rgb, adjustments, mean, deviation, height}, to, batch, channels, height, width, depth);
}

extern "C" __global__ void pack_levels_in_blocks(const Byte* rgb, const Adjustment* adjustments, const float* mean,
                                                 const float* deviation, Element* to, int batch, int channels,
                                                 int height, int width, int depth) {
  pack_blocks(Levels{rgb, adjustments, mean, deviation, height}, to, batch, height);
}
