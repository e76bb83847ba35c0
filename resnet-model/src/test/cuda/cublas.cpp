// libcublas.so: matrix products, column by column. Sums are double and are rounded once to the type of the output.
#include "softcard.hpp"

using namespace softcard;

namespace {

enum { SUCCESS = 0, ALLOC_FAILED = 3, INVALID_ARGUMENT = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum Type { FLOAT = 0, BFLOAT16 = 14 };
enum Compute { FLOAT32 = 68, PEDANTIC = 69, FAST_TF32 = 77 };
enum { TF32_TENSOR_OP_MATH = 3 };

struct Handle {
    Stream* stream = nullptr;
    int math = 0;
};
struct Matrix {
    const void* data;
    int type, ld;
    bool transposed;
    long long stride;  // elements from one matrix of a batch to the next
    size_t size() const { return type == BFLOAT16 ? 2 : 4; }
};

struct Product {
    int m, n, k;
    float alpha, beta;
    Matrix a, b, c;
    int compute, batches;

    int check() const {
        bool sizes = m >= 0 && n >= 0 && k >= 0;
        bool columns = a.ld >= (a.transposed ? k : m) && b.ld >= (b.transposed ? n : k) && c.ld >= m;
        if (!sizes || !columns) return INVALID_ARGUMENT;
        bool types = (a.type == FLOAT || a.type == BFLOAT16) && a.type == b.type && (c.type == a.type || c.type == FLOAT);
        bool computes = compute == FLOAT32 || compute == PEDANTIC || (compute == FAST_TF32 && a.type == FLOAT);
        return types && computes ? SUCCESS : NOT_SUPPORTED;
    }
    bool inside() const {
        auto holds = [&](const Matrix& x, long rows, long columns) {
            if (x.transposed) std::swap(rows, columns);
            return allocated((Address)x.data, ((batches - 1) * x.stride + (columns - 1) * x.ld + rows) * x.size());
        };
        return m == 0 || n == 0 || ((k == 0 || (holds(a, m, k) && holds(b, k, n))) && holds(c, m, n));
    }
    void run(bool tf32) const {
        for (long long batch = 0; batch < batches; batch++) {
            auto values = [&](const Matrix& x) {
                return Values((char*)x.data + batch * x.stride * (long long)x.size(), x.type == BFLOAT16);
            };
            auto rounded = [&](float value) { return tf32 ? to_tf32(value) : value; };
            Values as = values(a), bs = values(b), cs = values(c);
            std::vector<float> left((size_t)k * m);  // a column of op(A) after the other
            parallel(k, [&](size_t l) {
                for (size_t i = 0; i < (size_t)m; i++) {
                    left[l * m + i] = rounded(as.get(a.transposed ? i * a.ld + l : l * a.ld + i));
                }
            });
            parallel(n, [&](size_t j) {
                std::vector<double> sums(m);
                for (size_t l = 0; l < (size_t)k; l++) {
                    double factor = rounded(bs.get(b.transposed ? l * b.ld + j : j * b.ld + l));
                    const float* column = &left[l * m];
                    for (int i = 0; i < m; i++) sums[i] += factor * column[i];
                }
                for (int i = 0; i < m; i++) cs.put(j * c.ld + i, alpha, sums[i], beta);
            });
        }
    }
};

template <class F> int cublas(const char* name, F work) {
    std::lock_guard<std::recursive_mutex> hold(card);
    if (int status = counted(name)) return status;
    return fault ? (int)EXECUTION_FAILED : (int)work();
}
int multiply(const char* name, Handle* handle, const Product& product) {
    return cublas(name, [&]() -> int {
        if (int status = product.check()) return status;
        bool inside = product.inside();
        bool tf32 = product.a.type == FLOAT
                && (product.compute == FAST_TF32 || (product.compute == FLOAT32 && handle->math == TF32_TENSOR_OP_MATH));
        return enqueue(handle->stream, [=, name = std::string(name)] {
            if (inside) product.run(tf32);
            else raise(ILLEGAL_ADDRESS, name + ": a matrix is not within one allocation");
        }) == OK ? SUCCESS : EXECUTION_FAILED;
    });
}

}  // namespace

API int cublasCreate_v2(Handle** handle) {
    return cublas(__func__, [&] {
        if (refused_by_capture()) return ALLOC_FAILED;
        *handle = new Handle;
        return SUCCESS;
    });
}
API int cublasDestroy_v2(Handle* handle) {
    return cublas(__func__, [&] { delete handle; return SUCCESS; });
}
API int cublasSetStream_v2(Handle* handle, Stream* stream) {
    return cublas(__func__, [&] { handle->stream = stream; return SUCCESS; });
}
API int cublasSetWorkspace_v2(Handle*, void* workspace, size_t bytes) {
    return cublas(__func__, [&] { return bytes == 0 || allocated((Address)workspace, bytes) ? SUCCESS : INVALID_ARGUMENT; });
}
API int cublasSetMathMode(Handle* handle, int mode) {
    return cublas(__func__, [&] { handle->math = mode; return SUCCESS; });
}
API int cublasGetVersion_v2(Handle*, int* version) {
    return cublas(__func__, [&] { *version = (int)setting("cublas"); return SUCCESS; });
}
API int cublasGetProperty(int part, int* value) {  // major, minor, patch level
    return cublas(__func__, [&] {
        int version = (int)setting("cublas");
        *value = part == 0 ? version / 10000 : part == 1 ? version / 100 % 100 : version % 100;
        return part >= 0 && part < 3 ? SUCCESS : INVALID_ARGUMENT;
    });
}
API const char* cublasGetStatusString(int status) {
    switch (status) {
        case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
        case INVALID_ARGUMENT: return "CUBLAS_STATUS_INVALID_VALUE";
        case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        default: return "<unknown>";
    }
}
API int cublasGemmEx(Handle* handle, int ta, int tb, int m, int n, int k, const float* alpha, const void* a, int a_type,
        int lda, const void* b, int b_type, int ldb, const float* beta, void* c, int c_type, int ldc, int compute, int) {
    return multiply(__func__, handle, {m, n, k, *alpha, *beta, {a, a_type, lda, ta != 0, 0}, {b, b_type, ldb, tb != 0, 0},
            {c, c_type, ldc, false, 0}, compute, 1});
}
API int cublasGemmStridedBatchedEx(Handle* handle, int ta, int tb, int m, int n, int k, const float* alpha, const void* a,
        int a_type, int lda, long long a_stride, const void* b, int b_type, int ldb, long long b_stride, const float* beta,
        void* c, int c_type, int ldc, long long c_stride, int batches, int compute, int) {
    return multiply(__func__, handle, {m, n, k, *alpha, *beta, {a, a_type, lda, ta != 0, a_stride},
            {b, b_type, ldb, tb != 0, b_stride}, {c, c_type, ldc, false, c_stride}, compute, batches});
}
