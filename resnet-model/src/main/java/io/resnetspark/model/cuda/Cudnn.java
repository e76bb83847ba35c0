package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.resnetspark.model.Precision;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** cuDNN's convolutions on one stream, channels last. Batch statistics, pooling and the rest are our own kernels. */
final class Cudnn implements AutoCloseable {
    /** Of cudnnTensorFormat_t and cudnnDataType_t. */
    private static final int NHWC = 1;

    private static final int FLOAT = 0;
    private static final int BFLOAT16 = 9;

    private static final int CROSS_CORRELATION = 1;
    private static final int OLDEST_VERSION = 90000;
    private static final int NEXT_MAJOR = 100000;

    /** Of cudnnConvolution*AlgoPerf_t: its size in bytes; its fields are read by offset. */
    private static final int PERFORMANCE = 48;

    private static final int MAX_ALGORITHMS = 10;

    /** Of cudnnStatus_t. */
    private static final int MIXED_PARTS = 1002;

    private static final Lazy<CudaLibrary> LIBRARY =
            new Lazy<>(() -> CudaLibraries.ofMachine().cudnn());

    private static final Pointer ONE = constant(1);
    private static final Pointer ZERO = constant(0);

    private final CudaLibrary library = LIBRARY.get();
    private final Pointer handle;

    Cudnn(Stream stream) {
        PointerByReference created = new PointerByReference();
        Device.whileNothingIsCaptured(() -> library.start("cudnnCreate", created));
        handle = created.getValue();
        library.call("cudnnSetStream", handle, stream.handle());
    }

    /**
     * Checks that all parts of cuDNN have version 9.
     *
     * @throws CudaUnavailableException if not
     */
    static CudaLibrary checked(CudaLibrary library) {
        int version = library.status("cudnnGetVersion");
        if (version < OLDEST_VERSION || version >= NEXT_MAJOR) {
            throw new CudaUnavailableException(
                    "cuDNN is " + versionText(version) + " (" + library.file() + "), wanted is cuDNN 9.",
                    "Install cuDNN 9 (NVIDIA's package libcudnn9-cuda-13 or libcudnn9-cuda-12), or name its folder with -D"
                            + CudaLibraries.SETTING + "=FOLDER");
        }
        for (String check : List.of("cudnnGraphVersionCheck", "cudnnOpsVersionCheck", "cudnnCnnVersionCheck")) {
            if (library.has(check) && library.status(check) == MIXED_PARTS) {
                throw new CudaUnavailableException(
                        "Of cuDNN (" + library.file() + ", " + versionText(version)
                                + ") parts of another version were loaded (" + check + " returned " + MIXED_PARTS
                                + "): there are two on the path.",
                        "Take the other one out of LD_LIBRARY_PATH, or name the folder of a whole one with -D"
                                + CudaLibraries.SETTING + "=FOLDER");
            }
        }
        return library;
    }

    /** The CUDA version that it is built for, 12 or 13; 0 if it does not say. */
    static int cudaMajor(CudaLibrary library) {
        return library.has("cudnnGetCudartVersion") ? library.status("cudnnGetCudartVersion") / 1000 : 0;
    }

    private static Pointer constant(float value) {
        Memory memory = new Memory(Float.BYTES);
        memory.setFloat(0, value);
        return memory;
    }

    /** 91400 for cuDNN 9.14. */
    static int version() {
        return LIBRARY.get().status("cudnnGetVersion");
    }

    /** As "9.14.0". */
    static String versionText() {
        return versionText(version());
    }

    /** 91400 is 9.14.0; up to version 8 there was one digit less: 8907 is 8.9.7. */
    private static String versionText(int version) {
        int major = version < OLDEST_VERSION ? 1000 : 10000;
        return version / major + "." + version % major / 100 + "." + version % 100;
    }

    static String file() {
        return LIBRARY.get().file();
    }

    /** A cuDNN algorithm for a convolution. */
    record Algorithm(int number, int mathType, boolean deterministic, long workspace) {}

    /** @param milliseconds as measured by cuDNN, including the host's cost of its calls */
    record Found(Algorithm algorithm, float milliseconds) {}

    /** The descriptors of a convolution. */
    static final class Convolution {
        final ConvolutionShape shape;
        private final Precision precision;
        private final Pointer input;
        private final Pointer weights;
        private final Pointer output;
        /** One for each direction, because the math type is set in it. */
        private final Map<Direction, Pointer> convolutions = new EnumMap<>(Direction.class);

        Convolution(ConvolutionShape shape, Precision precision) {
            this.shape = shape;
            this.precision = precision;
            int type = precision == Precision.BFLOAT16 ? BFLOAT16 : FLOAT;
            input = tensor(type, shape.channels(), shape.height(), shape.width());
            output = tensor(type, shape.outputs(), shape.outputHeight(), shape.outputWidth());
            weights = create("cudnnCreateFilterDescriptor");
            // Filter descriptors take the type before the format, tensor descriptors the format before the type.
            CudaLibrary library = LIBRARY.get();
            library.call(
                    "cudnnSetFilter4dDescriptor",
                    weights,
                    type,
                    NHWC,
                    shape.outputs(),
                    shape.channels(),
                    shape.kernel(),
                    shape.kernel());
            for (Direction direction : Direction.values()) {
                Pointer convolution = create("cudnnCreateConvolutionDescriptor");
                library.call(
                        "cudnnSetConvolution2dDescriptor",
                        convolution,
                        shape.padding(),
                        shape.padding(),
                        shape.stride(),
                        shape.stride(),
                        1,
                        1,
                        CROSS_CORRELATION,
                        FLOAT);
                library.call("cudnnSetConvolutionMathType", convolution, mathType(precision));
                convolutions.put(direction, convolution);
            }
        }

        private Pointer tensor(int type, int channels, int height, int width) {
            Pointer tensor = create("cudnnCreateTensorDescriptor");
            LIBRARY.get()
                    .call("cudnnSetTensor4dDescriptor", tensor, NHWC, type, shape.batch(), channels, height, width);
            return tensor;
        }

        private static Pointer create(String function) {
            PointerByReference created = new PointerByReference();
            LIBRARY.get().call(function, created);
            return created.getValue();
        }

        void use(Direction direction, Algorithm algorithm) {
            LIBRARY.get().call("cudnnSetConvolutionMathType", convolutions.get(direction), algorithm.mathType());
        }
    }

    /**
     * CUDNN_DEFAULT_MATH is TF32 for float, CUDNN_FMA_MATH is exact float; bfloat16 needs tensor op math to be fast.
     */
    private static int mathType(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> 3;
            case TF32 -> 0;
            case BFLOAT16 -> 1;
        };
    }

    /** FORWARD writes y, BACKWARD_DATA writes x, BACKWARD_FILTER writes w. */
    void run(
            Convolution c,
            Direction direction,
            Algorithm algorithm,
            long x,
            long w,
            long y,
            long workspace,
            long workspaceBytes) {
        String function = "cudnnConvolution" + direction.cudnnName();
        Pointer convolution = c.convolutions.get(direction);
        int number = algorithm.number();
        switch (direction) {
            case FORWARD ->
                library.call(
                        function,
                        handle,
                        ONE,
                        c.input,
                        x,
                        c.weights,
                        w,
                        convolution,
                        number,
                        workspace,
                        workspaceBytes,
                        ZERO,
                        c.output,
                        y);
            case BACKWARD_DATA ->
                library.call(
                        function,
                        handle,
                        ONE,
                        c.weights,
                        w,
                        c.output,
                        y,
                        convolution,
                        number,
                        workspace,
                        workspaceBytes,
                        ZERO,
                        c.input,
                        x);
            case BACKWARD_FILTER ->
                library.call(
                        function,
                        handle,
                        ONE,
                        c.input,
                        x,
                        c.output,
                        y,
                        convolution,
                        number,
                        workspace,
                        workspaceBytes,
                        ZERO,
                        c.weights,
                        w);
        }
    }

    /**
     * The algorithms that ran on this memory, in the order of cuDNN's own timing. The output operand is overwritten.
     */
    List<Found> find(Convolution c, Direction direction, long x, long w, long y, long workspace, long workspaceBytes) {
        IntByReference found = new IntByReference();
        Memory performances = new Memory((long) PERFORMANCE * MAX_ALGORITHMS);
        String function = "cudnnFindConvolution" + direction.cudnnName() + "AlgorithmEx";
        Pointer convolution = c.convolutions.get(direction);
        Object[] operands = switch (direction) {
            case FORWARD -> new Object[] {c.input, x, c.weights, w, convolution, c.output, y};
            case BACKWARD_DATA -> new Object[] {c.weights, w, c.output, y, convolution, c.input, x};
            case BACKWARD_FILTER -> new Object[] {c.input, x, c.output, y, convolution, c.weights, w};
        };
        Object[] arguments = new Object[operands.length + 6]; // the handle, these, and the rest below
        arguments[0] = handle;
        System.arraycopy(operands, 0, arguments, 1, operands.length);
        Object[] rest = {MAX_ALGORITHMS, found, performances, workspace, workspaceBytes};
        System.arraycopy(rest, 0, arguments, operands.length + 1, rest.length);
        Device.whileNothingIsCaptured(() -> library.call(function, arguments)); // it times them
        return algorithms(performances, found.getValue(), c.precision, workspaceBytes);
    }

    private static List<Found> algorithms(Memory performances, int count, Precision precision, long room) {
        List<Found> algorithms = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = (long) PERFORMANCE * i;
            int status = performances.getInt(at + 4);
            long workspace = performances.getLong(at + 16);
            if (status == 0 && workspace <= room) {
                int math = precision == Precision.FLOAT32 ? mathType(precision) : performances.getInt(at + 28);
                boolean deterministic = performances.getInt(at + 24) == 1;
                algorithms.add(new Found(
                        new Algorithm(performances.getInt(at), math, deterministic, workspace),
                        performances.getFloat(at + 8)));
            }
        }
        return algorithms;
    }

    @Override
    public void close() {
        Device.whileNothingIsCaptured(() -> library.call("cudnnDestroy", handle));
    }
}
