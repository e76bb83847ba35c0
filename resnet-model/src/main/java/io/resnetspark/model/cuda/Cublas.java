package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.resnetspark.model.Precision;

/** cuBLAS on one stream: 1x1 convolutions and fully connected layers, which are matrix products. */
final class Cublas implements AutoCloseable {
    /** Of cublasOperation_t. */
    private static final int NOT_TRANSPOSED = 0;

    private static final int TRANSPOSED = 1;

    /** Of cudaDataType and cublasComputeType_t. */
    private static final int FLOAT = 0;

    private static final int BFLOAT16 = 14;
    private static final int COMPUTE_FLOAT = 68;
    private static final int COMPUTE_FLOAT_PEDANTIC = 69;
    private static final int COMPUTE_TF32 = 77;

    private static final int DEFAULT_ALGORITHM = -1;

    /** NVIDIA's recommendation for Hopper. A workspace of its own keeps results reproducible with several streams. */
    static final long WORKSPACE = 32L << 20;

    private static final Lazy<CudaLibrary> LIBRARY =
            new Lazy<>(() -> CudaLibraries.ofMachine().cublas());

    private final CudaLibrary library = LIBRARY.get();
    private final ResourceStack resources = new ResourceStack();
    private final Pointer handle;
    private final Memory one = scalar(1);
    private final Memory zero = scalar(0);

    Cublas(Stream stream) {
        Device device = stream.device();
        try {
            long workspace = resources.add(device.allocate(WORKSPACE), device::free);
            PointerByReference created = new PointerByReference();
            Device.whileNothingIsCaptured(() -> library.start("cublasCreate_v2", created));
            handle = resources.add(created.getValue(), used -> library.call("cublasDestroy_v2", used));
            library.call("cublasSetStream_v2", handle, stream.handle());
            library.call("cublasSetWorkspace_v2", handle, workspace, WORKSPACE); // setting the stream resets it
        } catch (RuntimeException refused) {
            throw resources.closeAfter(refused);
        }
    }

    private static Memory scalar(float value) {
        Memory memory = new Memory(Float.BYTES);
        memory.setFloat(0, value);
        return memory;
    }

    /** As "13.0.2". */
    static String version() {
        StringBuilder words = new StringBuilder();
        for (int part = 0; part < 3; part++) { // of libraryPropertyType: major, minor, patch level
            IntByReference number = new IntByReference();
            LIBRARY.get().call("cublasGetProperty", part, number);
            words.append(part == 0 ? "" : ".").append(number.getValue());
        }
        return words.toString();
    }

    static String file() {
        return LIBRARY.get().file();
    }

    /**
     * A 1x1 convolution: x is rows x channels, w outputs x channels, y rows x outputs, all row-major. FORWARD writes y,
     * BACKWARD_DATA x, BACKWARD_FILTER w. cuBLAS is column-major, so it sees every matrix transposed.
     */
    void run(ConvolutionShape shape, Precision precision, Direction direction, long x, long w, long y) {
        int rows = shape.rows();
        int in = shape.channels();
        int out = shape.outputs();
        switch (direction) {
            case FORWARD -> product(precision, TRANSPOSED, NOT_TRANSPOSED, out, rows, in, w, in, x, in, y, out);
            case BACKWARD_DATA ->
                product(precision, NOT_TRANSPOSED, NOT_TRANSPOSED, in, rows, out, w, in, y, out, x, in);
            case BACKWARD_FILTER -> product(precision, NOT_TRANSPOSED, TRANSPOSED, in, out, rows, x, in, y, out, w, in);
        }
    }

    /** c (m x n) = a (m x k) b (k x n), column-major. */
    private void product(
            Precision precision,
            int transposeA,
            int transposeB,
            int m,
            int n,
            int k,
            long a,
            int strideA,
            long b,
            int strideB,
            long c,
            int strideC) {
        int type = precision == Precision.BFLOAT16 ? BFLOAT16 : FLOAT;
        int compute = switch (precision) {
            case FLOAT32 -> COMPUTE_FLOAT_PEDANTIC;
            case TF32 -> COMPUTE_TF32;
            case BFLOAT16 -> COMPUTE_FLOAT;
        };
        library.call(
                "cublasGemmEx",
                handle,
                transposeA,
                transposeB,
                m,
                n,
                k,
                one,
                a,
                type,
                strideA,
                b,
                type,
                strideB,
                zero,
                c,
                type,
                strideC,
                compute,
                DEFAULT_ALGORITHM);
    }

    @Override
    public void close() {
        Device.whileNothingIsCaptured(resources::close);
    }
}
