// libcudnn.so.9: convolutions by the calls that cuDNN has had since version 7.
//
// Sums are double and are rounded once to the type of the output. Of each direction the searches return three algorithms: a
// deterministic one, one that is not (forward: all are, as in cuDNN) and varies in the last bits from call to call, and one
// that is not supported. Stricter than cuDNN: a workspace that is too small is refused, and what is in it is lost.
#include <algorithm>
#include <cmath>

#include "softcard.hpp"

using namespace softcard;

namespace {

enum { SUCCESS = 0, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000 };
enum Type { FLOAT = 0, BFLOAT16 = 9 };
enum Format { NCHW = 0, NHWC = 1 };
enum Math { DEFAULT_MATH = 0, TENSOR_OP = 1, FMA = 3 };
enum Direction { FORWARD, DATA, FILTER };

struct Handle { Stream* stream = nullptr; };
struct Tensor { int type = -1, n = 0, c = 0, h = 0, w = 0; long sn = 0, sc = 0, sh = 0, sw = 0; };
struct Filter { int type = -1, format = 0, k = 0, c = 0, r = 0, s = 0; };
struct Convolution {
    int pad_h = 0, pad_w = 0, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, mode = 1, math = DEFAULT_MATH;
};
struct Performance {  // cudnnConvolution*AlgoPerf_t
    int algorithm, status;
    float milliseconds;
    size_t workspace;
    int deterministic, math, reserved[3];
};
static_assert(sizeof(Performance) == 48 && offsetof(Performance, deterministic) == 24);

bool known(int type) { return type == FLOAT || type == 1 || type == 2 || type == BFLOAT16; }
size_t extent(const Tensor& t) {
    return (t.n - 1) * t.sn + (t.c - 1) * t.sc + (t.h - 1) * t.sh + (t.w - 1) * t.sw + 1;
}
size_t extent(const Filter& f) { return (size_t)f.k * f.c * f.r * f.s; }
size_t size_of(int type) { return type == BFLOAT16 ? 2 : 4; }

// All that a convolution is, copied when the call is made.
struct Job {
    Direction direction;
    Tensor x, y;
    Filter w;
    Convolution c;
    int algorithm = 1;
    const void *x_data = nullptr, *w_data = nullptr, *y_data = nullptr;
    float alpha = 1, beta = 0;

    int check() const {
        if (x.type < 0 || y.type < 0 || w.type < 0 || algorithm < 0 || algorithm > 7) return BAD_PARAM;
        int h = (x.h + 2 * c.pad_h - (c.dilation_h * (w.r - 1) + 1)) / c.stride_h + 1;
        int v = (x.w + 2 * c.pad_w - (c.dilation_w * (w.s - 1) + 1)) / c.stride_w + 1;
        if (x.c != w.c || y.c != w.k || y.n != x.n || y.h != h || y.w != v) return BAD_PARAM;
        if (x.type != w.type || x.type != y.type || (x.type != FLOAT && x.type != BFLOAT16)) return NOT_SUPPORTED;
        bool channels_last = x.sc == 1 && x.c > 1;
        if (w.c > 1 && channels_last != (w.format == NHWC)) return NOT_SUPPORTED;
        return algorithm > 1 || c.mode != 1 ? NOT_SUPPORTED : SUCCESS;
    }
    size_t workspace() const { return algorithm == 1 ? 256 + 4 * extent(w) : 0; }
    bool deterministic() const { return direction == FORWARD || algorithm == 1; }
    // The channels of the input that a pixel of the output sees through a tap; null outside of the input.
    const float* input(const std::vector<float>& packed, size_t n, int oh, int ow, int tap) const {
        int h = oh * c.stride_h - c.pad_h + tap / w.s * c.dilation_h;
        int v = ow * c.stride_w - c.pad_w + tap % w.s * c.dilation_w;
        return h < 0 || h >= x.h || v < 0 || v >= x.w ? nullptr : &packed[((n * x.h + h) * x.w + v) * x.c];
    }
    void run() const;
};

// Packed NHWC copies, rounded as the multiplications round their operands.
std::vector<float> packed(const Tensor& t, const void* data, bool tf32) {
    std::vector<float> out((size_t)t.n * t.h * t.w * t.c);
    Values values(data, t.type == BFLOAT16);
    parallel((size_t)t.n * t.h, [&](size_t row) {
        float* to = &out[row * t.w * t.c];
        for (int w = 0; w < t.w; w++) for (int c = 0; c < t.c; c++, to++) {
            float value = values.get(row / t.h * t.sn + row % t.h * t.sh + w * t.sw + c * t.sc);
            *to = tf32 ? to_tf32(value) : value;
        }
    });
    return out;
}
size_t place(const Filter& f, size_t k, size_t c, size_t r, size_t s) {
    return f.format == NHWC ? ((k * f.r + r) * f.s + s) * f.c + c : ((k * f.c + c) * f.r + r) * f.s + s;
}
// [r][s][c][k] for the forward direction, [r][s][k][c] for the data's gradient: what the inner loop runs over comes last.
std::vector<float> packed(const Filter& f, const void* data, bool tf32, bool k_last) {
    std::vector<float> out(extent(f));
    Values values(data, f.type == BFLOAT16);
    parallel(f.r * f.s, [&](size_t tap) {
        float* to = &out[tap * f.c * f.k];
        for (int a = 0; a < (k_last ? f.c : f.k); a++) for (int b = 0; b < (k_last ? f.k : f.c); b++, to++) {
            float value = values.get(place(f, k_last ? b : a, k_last ? a : b, tap / f.s, tap % f.s));
            *to = tf32 ? to_tf32(value) : value;
        }
    });
    return out;
}

inline void add(double* __restrict__ sums, float factor, const float* __restrict__ values, int n) {
    for (int i = 0; i < n; i++) sums[i] += (double)factor * values[i];
}
// The row of the output to which row `in` of the input contributes through the tap, or -1.
inline int output(int in, int tap, int pad, int stride, int dilation, int size) {
    int at = in + pad - tap * dilation;
    return at >= 0 && at % stride == 0 && at / stride < size ? at / stride : -1;
}

void Job::run() const {
    bool tf32 = x.type == FLOAT && c.math != FMA;
    std::vector<float> xs, ys, ws;
    if (direction != DATA) xs = packed(x, x_data, tf32);
    if (direction != FORWARD) ys = packed(y, y_data, tf32);
    if (direction != FILTER) ws = packed(w, w_data, tf32, direction == FORWARD);
    static unsigned calls = 0;
    float scale = deterministic() ? alpha : alpha * (1 + std::ldexp((float)(calls++ % 4), -22));
    bool bf16 = x.type == BFLOAT16;
    if (direction == FORWARD) {
        parallel((size_t)y.n * y.h, [&](size_t row) {
            size_t n = row / y.h, oh = row % y.h;
            std::vector<double> sums(w.k);
            for (int ow = 0; ow < y.w; ow++) {
                std::fill(sums.begin(), sums.end(), 0);
                for (int tap = 0; tap < w.r * w.s; tap++) {
                    const float* from = input(xs, n, (int)oh, ow, tap);
                    if (from == nullptr) continue;
                    for (int i = 0; i < x.c; i++) add(sums.data(), from[i], &ws[((size_t)tap * x.c + i) * w.k], w.k);
                }
                size_t at = n * y.sn + oh * y.sh + ow * y.sw;
                for (int k = 0; k < w.k; k++) Values(y_data, bf16).put(at + k * y.sc, scale, sums[k], beta);
            }
        });
    } else if (direction == DATA) {
        parallel((size_t)x.n * x.h, [&](size_t row) {
            size_t n = row / x.h, ih = row % x.h;
            std::vector<double> sums(x.c);
            for (int iw = 0; iw < x.w; iw++) {
                std::fill(sums.begin(), sums.end(), 0);
                for (int tap = 0; tap < w.r * w.s; tap++) {
                    int oh = output((int)ih, tap / w.s, c.pad_h, c.stride_h, c.dilation_h, y.h);
                    int ow = output(iw, tap % w.s, c.pad_w, c.stride_w, c.dilation_w, y.w);
                    if (oh < 0 || ow < 0) continue;
                    const float* from = &ys[((n * y.h + oh) * y.w + ow) * y.c];
                    for (int k = 0; k < w.k; k++) add(sums.data(), from[k], &ws[((size_t)tap * w.k + k) * x.c], x.c);
                }
                size_t at = n * x.sn + ih * x.sh + iw * x.sw;
                for (int i = 0; i < x.c; i++) Values(x_data, bf16).put(at + i * x.sc, scale, sums[i], beta);
            }
        });
    } else {
        constexpr int SOME = 16;  // output channels at once, so that their sums stay in the cache
        int parts = (w.k + SOME - 1) / SOME;
        parallel((size_t)w.r * w.s * parts, [&](size_t item) {
            int tap = (int)(item / parts), first = (int)(item % parts) * SOME, count = std::min(SOME, w.k - first);
            std::vector<double> sums((size_t)count * x.c);
            for (size_t n = 0; n < (size_t)y.n; n++) for (int oh = 0; oh < y.h; oh++) for (int ow = 0; ow < y.w; ow++) {
                const float* from = input(xs, n, oh, ow, tap);
                if (from == nullptr) continue;
                const float* gradient = &ys[((n * y.h + oh) * y.w + ow) * y.c + first];
                for (int k = 0; k < count; k++) add(&sums[(size_t)k * x.c], gradient[k], from, x.c);
            }
            for (int k = 0; k < count; k++) for (int i = 0; i < x.c; i++) {
                Values(w_data, bf16).put(place(w, first + k, i, tap / w.s, tap % w.s), scale, sums[(size_t)k * x.c + i], beta);
            }
        });
    }
}

template <class F> int cudnn(const char* name, F work) {
    std::lock_guard<std::recursive_mutex> hold(card);
    if (int status = counted(name)) return status;
    return fault ? EXECUTION_FAILED : work();
}

int convolve(const char* name, Handle* handle, const Job& job, void* workspace, size_t bytes) {
    return cudnn(name, [&]() -> int {
        if (int status = job.check()) return status;
        size_t size = size_of(job.x.type), needed = job.workspace();
        if (bytes < needed || (needed && !allocated((Address)workspace, bytes))) return BAD_PARAM;
        bool inside = allocated((Address)job.x_data, extent(job.x) * size)
                && allocated((Address)job.y_data, extent(job.y) * size)
                && allocated((Address)job.w_data, extent(job.w) * size);
        return enqueue(handle->stream, [=, name = std::string(name)] {
            if (!inside) return raise(ILLEGAL_ADDRESS, name + ": an operand is not within one allocation");
            if (needed) std::memset(workspace, 0xff, needed);
            job.run();
        }) == OK ? SUCCESS : EXECUTION_FAILED;
    });
}

int workspace_of(const char* name, const Job& job, size_t* bytes) {
    return cudnn(name, [&] {
        *bytes = job.workspace();
        return job.check();
    });
}

// The fastest is not deterministic, where there is such a one; the last is not supported.
int rows(const Job& job, int most, int* count, Performance* out) {
    int math = job.x.type == BFLOAT16 ? TENSOR_OP : job.c.math == FMA ? FMA : DEFAULT_MATH;
    Job wanted = job;
    wanted.algorithm = 1;
    if (int status = wanted.check()) return status;
    *count = std::min(most, 3);
    for (int i = 0; i < *count; i++) {
        wanted.algorithm = i;
        out[i] = {i, wanted.check(), i == 2 ? -1 : 0.05f * (i + 1), wanted.workspace(), wanted.deterministic(), math, {}};
    }
    return SUCCESS;
}
int heuristic(const char* name, const Job& job, int most, int* count, Performance* out) {
    return cudnn(name, [&] { return rows(job, most, count, out); });
}
// Times every algorithm on the data given: the output's content is lost. Breaks a capture, and says nothing about it.
int search(const char* name, const Job& job, void* output, size_t bytes, int most, int* count, Performance* out) {
    return cudnn(name, [&]() -> int {
        if (int status = rows(job, most, count, out)) return status;
        if (!allocated((Address)output, bytes)) return BAD_PARAM;
        if (refused_by_capture()) return SUCCESS;
        std::memset(output, 0xff, bytes);
        return SUCCESS;
    });
}

template <class T> int create(const char* name, T** out) {
    return cudnn(name, [&] { *out = new T; return SUCCESS; });
}
template <class T> int destroy(const char* name, T* descriptor) {
    return cudnn(name, [&] { delete descriptor; return SUCCESS; });
}

}  // namespace

API size_t cudnnGetVersion() { return setting("cudnn"); }
API size_t cudnnGetCudartVersion() { return setting("cudart"); }
// Whether the parts are of one version. Here they are one library.
API int cudnnGraphVersionCheck() { return cudnn(__func__, [] { return SUCCESS; }); }
API int cudnnOpsVersionCheck() { return cudnn(__func__, [] { return SUCCESS; }); }
API int cudnnCnnVersionCheck() { return cudnn(__func__, [] { return SUCCESS; }); }
API const char* cudnnGetErrorString(int status) {
    switch (status) {
        case SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case 1001: return "CUDNN_STATUS_NOT_INITIALIZED";
        case 1002: return "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH";
        case 1008: return "CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED";
        case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case 4000: return "CUDNN_STATUS_INTERNAL_ERROR";
        case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
        default: return "CUDNN_UNKNOWN_STATUS";
    }
}
API int cudnnCreate(Handle** handle) {
    return cudnn(__func__, [&]() -> int {
        if (refused_by_capture()) return 1001;  // it allocates
        *handle = new Handle;
        return SUCCESS;
    });
}
API int cudnnDestroy(Handle* handle) { return destroy(__func__, handle); }
API int cudnnSetStream(Handle* handle, Stream* stream) {
    return cudnn(__func__, [&] { handle->stream = stream; return SUCCESS; });
}

API int cudnnCreateTensorDescriptor(Tensor** out) { return create(__func__, out); }
API int cudnnCreateFilterDescriptor(Filter** out) { return create(__func__, out); }
API int cudnnCreateConvolutionDescriptor(Convolution** out) { return create(__func__, out); }
API int cudnnDestroyTensorDescriptor(Tensor* descriptor) { return destroy(__func__, descriptor); }
API int cudnnDestroyFilterDescriptor(Filter* descriptor) { return destroy(__func__, descriptor); }
API int cudnnDestroyConvolutionDescriptor(Convolution* descriptor) { return destroy(__func__, descriptor); }
API int cudnnSetTensor4dDescriptorEx(Tensor* t, int type, int n, int c, int h, int w, int sn, int sc, int sh, int sw) {
    return cudnn(__func__, [&] {
        if (!known(type) || std::min({n, c, h, w}) <= 0) return BAD_PARAM;
        *t = {type, n, c, h, w, sn, sc, sh, sw};
        return SUCCESS;
    });
}
// (format, type) for tensors, (type, format) for filters.
API int cudnnSetTensor4dDescriptor(Tensor* t, int format, int type, int n, int c, int h, int w) {
    return cudnn(__func__, [&] {
        if (!known(type) || std::min({n, c, h, w}) <= 0 || (format != NCHW && format != NHWC)) return BAD_PARAM;
        long plane = (long)h * w;
        if (format == NHWC) *t = {type, n, c, h, w, c * plane, 1, (long)w * c, c};
        else *t = {type, n, c, h, w, c * plane, plane, w, 1};
        return SUCCESS;
    });
}
API int cudnnSetFilter4dDescriptor(Filter* f, int type, int format, int k, int c, int r, int s) {
    return cudnn(__func__, [&] {
        if (!known(type) || std::min({k, c, r, s}) <= 0 || (format != NCHW && format != NHWC)) return BAD_PARAM;
        *f = {type, format, k, c, r, s};
        return SUCCESS;
    });
}
API int cudnnSetConvolution2dDescriptor(Convolution* c, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h,
        int dilation_w,
        int mode, int compute) {
    return cudnn(__func__, [&] {
        if (std::min(pad_h, pad_w) < 0 || std::min({stride_h, stride_w, dilation_h, dilation_w}) <= 0) return BAD_PARAM;
        if (compute != FLOAT) return NOT_SUPPORTED;
        *c = {pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, mode, DEFAULT_MATH};
        return SUCCESS;
    });
}
API int cudnnSetConvolutionMathType(Convolution* c, int math) {
    return cudnn(__func__, [&] {
        if (math < DEFAULT_MATH || math > FMA) return BAD_PARAM;
        c->math = math;
        return SUCCESS;
    });
}

API int cudnnConvolutionForward(Handle* h, const float* alpha, Tensor* x, const void* xs, Filter* w, const void* ws,
        Convolution* c,
        int algorithm, void* workspace, size_t bytes, const float* beta, Tensor* y, void* ys) {
    return convolve(__func__, h, {FORWARD, *x, *y, *w, *c, algorithm, xs, ws, ys, *alpha, *beta}, workspace, bytes);
}
API int cudnnConvolutionBackwardData(Handle* h, const float* alpha, Filter* w, const void* ws, Tensor* y, const void* ys,
        Convolution* c,
        int algorithm, void* workspace, size_t bytes, const float* beta, Tensor* x, void* xs) {
    return convolve(__func__, h, {DATA, *x, *y, *w, *c, algorithm, xs, ws, ys, *alpha, *beta}, workspace, bytes);
}
API int cudnnConvolutionBackwardFilter(Handle* h, const float* alpha, Tensor* x, const void* xs, Tensor* y,
        const void* ys, Convolution* c,
        int algorithm, void* workspace, size_t bytes, const float* beta, Filter* w, void* ws) {
    return convolve(__func__, h, {FILTER, *x, *y, *w, *c, algorithm, xs, ws, ys, *alpha, *beta}, workspace, bytes);
}
API int cudnnGetConvolutionForwardWorkspaceSize(Handle*, Tensor* x, Filter* w, Convolution* c, Tensor* y, int algorithm,
        size_t* bytes) {
    return workspace_of(__func__, {FORWARD, *x, *y, *w, *c, algorithm}, bytes);
}
API int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle*, Filter* w, Tensor* y, Convolution* c, Tensor* x,
        int algorithm, size_t* bytes) {
    return workspace_of(__func__, {DATA, *x, *y, *w, *c, algorithm}, bytes);
}
API int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle*, Tensor* x, Tensor* y, Convolution* c, Filter* w,
        int algorithm, size_t* bytes) {
    return workspace_of(__func__, {FILTER, *x, *y, *w, *c, algorithm}, bytes);
}
API int cudnnGetConvolutionForwardAlgorithm_v7(Handle*, Tensor* x, Filter* w, Convolution* c, Tensor* y, int most,
        int* count, Performance* out) {
    return heuristic(__func__, {FORWARD, *x, *y, *w, *c}, most, count, out);
}
API int cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle*, Filter* w, Tensor* y, Convolution* c, Tensor* x, int most,
        int* count, Performance* out) {
    return heuristic(__func__, {DATA, *x, *y, *w, *c}, most, count, out);
}
API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle*, Tensor* x, Tensor* y, Convolution* c, Filter* w, int most,
        int* count, Performance* out) {
    return heuristic(__func__, {FILTER, *x, *y, *w, *c}, most, count, out);
}
API int cudnnFindConvolutionForwardAlgorithmEx(Handle*, Tensor* x, const void*, Filter* w, const void*, Convolution* c,
        Tensor* y, void* ys,
        int most, int* count, Performance* out, void*, size_t) {
    return search(__func__, {FORWARD, *x, *y, *w, *c}, ys, extent(*y) * size_of(y->type), most, count, out);
}
API int cudnnFindConvolutionBackwardDataAlgorithmEx(Handle*, Filter* w, const void*, Tensor* y, const void*,
        Convolution* c, Tensor* x, void* xs,
        int most, int* count, Performance* out, void*, size_t) {
    return search(__func__, {DATA, *x, *y, *w, *c}, xs, extent(*x) * size_of(x->type), most, count, out);
}
API int cudnnFindConvolutionBackwardFilterAlgorithmEx(Handle*, Tensor* x, const void*, Tensor* y, const void*,
        Convolution* c, Filter* w, void* ws,
        int most, int* count, Performance* out, void*, size_t) {
    return search(__func__, {FILTER, *x, *y, *w, *c}, ws, extent(*w) * size_of(w->type), most, count, out);
}
