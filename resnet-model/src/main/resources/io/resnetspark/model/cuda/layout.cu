// Between DL4J's flat arrays of floats and how parameters and images lie here.

// A parameter there: outputs x inputs x rows x columns, with these strides; here: outputs x rows x columns x inputs, with
// inputs padded to `depth`.
struct Place {
  int outputs, inputs, height, width;
  int output_stride, input_stride, row_stride, column_stride;
  int depth;
  int blocks;  // 1: a 7x7 kernel lies here as a 4x4 kernel on blocks of 2x2 pixels (see images.cu)
};

// Where value i of what lies here comes from; -1: nowhere, it is padding.
__device__ __forceinline__ long long source(const Place& p, size_t i) {
  int c = i % p.depth, o;
  int h, w;
  if (p.blocks) {
    const int q = i / p.depth % 16;
    o = i / p.depth / 16;
    h = q / 4 * 2 + c / 6 - 1;
    w = q % 4 * 2 + c / 3 % 2 - 1;
    if (c >= 12 || h < 0 || w < 0) return -1;
    c %= 3;
  } else {
    w = i / p.depth % p.width;
    h = i / ((size_t)p.depth * p.width) % p.height;
    o = i / ((size_t)p.depth * p.width * p.height);
  }
  if (c >= p.inputs || o >= p.outputs) return -1;
  return (long long)o * p.output_stride + (long long)c * p.input_stride + h * p.row_stride + w * p.column_stride;
}

extern "C" __global__ void place_in(const float* flat, float* here, size_t count, int outputs, int inputs, int height,
                                    int width, int output_stride, int input_stride, int row_stride, int column_stride,
                                    int depth, int blocks) {
  const size_t i = thread_number();
  if (i >= count) return;
  const Place p = {outputs, inputs, height, width, output_stride, input_stride, row_stride, column_stride, depth, blocks};
  const long long from = source(p, i);
  here[i] = from < 0 ? 0 : flat[from];
}

extern "C" __global__ void place_out(const float* here, float* flat, size_t count, int outputs, int inputs, int height,
                                     int width, int output_stride, int input_stride, int row_stride, int column_stride,
                                     int depth, int blocks) {
  const size_t i = thread_number();
  if (i >= count) return;
  const Place p = {outputs, inputs, height, width, output_stride, input_stride, row_stride, column_stride, depth, blocks};
  const long long to = source(p, i);
  if (to >= 0) flat[to] = here[i];
}

extern "C" __global__ void to_floats(const Element* from, float* to, size_t count) {
  const size_t i = thread_number();
  if (i < count) to[i] = get(from, i);
}

// The gradient of such weights, where the 8x8 kernel of the blocks has no counterpart in the 7x7 one.
extern "C" __global__ void mask_blocks(Element* gradient, size_t count) {
  const size_t i = thread_number();
  if (i >= count) return;
  const int c = i % 16, q = i / 16 % 16;
  if (c >= 12 || (q / 4 == 0 && c / 6 == 0) || (q % 4 == 0 && c / 3 % 2 == 0)) put(gradient, i, 0.f);
}
