package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Implementation;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Request;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the convolution algorithms, on random values in its own memory.
 *
 * <p>cuDNN's own times include the host's cost of its calls, 60 microseconds and more, and so are wrong for short
 * convolutions. Therefore every good candidate is recorded in a CUDA graph and timed there.
 */
final class AlgorithmSearch implements AutoCloseable {
    /** The largest workspace; the fast float32 algorithms need 1.2 GiB. */
    static final long MAX_WORKSPACE = 2L << 30;

    /**
     * Candidates that cuDNN measured this many times slower than the fastest are not timed again, unless there is no
     * other.
     */
    private static final float PRUNE_FACTOR = 4;

    /** Longer runs are timed with their calls, which cost the host only a tenth of a millisecond. */
    private static final float LONG_MILLISECONDS = 20;

    /** Tolerances, relative to the largest value: four times the rounding error of the format. */
    private static final float TOLERANCE_BFLOAT16 = 1f / 64;

    private static final float TOLERANCE_TF32 = 1f / 256;

    /** For kernels that loop over any number of elements. */
    private static final Grid WIDE = new Grid(1024, 1, 256, 1);

    private static final Logger LOG = LoggerFactory.getLogger(AlgorithmSearch.class);

    private final StreamContext context;
    private final CudaModule kernels;
    private final Supplier<CudaModule> ownKernels;
    /** Whether our kernels cannot be used. */
    private boolean ownKernelsUnusable;

    private final Device device;
    private final ResourceStack resources = new ResourceStack();
    private final Precision precision;
    private final boolean deterministic;
    private final long x;
    private final long w;
    private final long y;
    private final long workspace;
    private final long workspaceBytes;

    /** @param ownKernels of {@link KernelSource#CONVOLUTION} */
    AlgorithmSearch(
            StreamContext context,
            Supplier<CudaModule> ownKernels,
            Precision precision,
            boolean deterministic,
            List<Request> requests) {
        this.context = context;
        this.ownKernels = ownKernels;
        this.device = context.stream().device();
        this.kernels = KernelSource.STEP.load(device, precision);
        this.precision = precision;
        this.deterministic = deterministic;
        long inputs = requests.stream()
                .mapToLong(request -> request.shape().inputElements())
                .max()
                .orElseThrow();
        long outputs = requests.stream()
                .mapToLong(request -> request.shape().outputElements())
                .max()
                .orElseThrow();
        long weights = requests.stream()
                .mapToLong(request -> request.shape().weightElements())
                .max()
                .orElseThrow();
        try {
            x = random(inputs, 1);
            y = random(outputs, 2);
            w = random(weights, 3);
            workspaceBytes = Math.min(MAX_WORKSPACE, device.freeMemory() / 2);
            workspace = take(workspaceBytes);
        } catch (RuntimeException refused) {
            throw resources.closeAfter(refused);
        }
    }

    private long take(long bytes) {
        return resources.add(device.allocate(bytes), device::free);
    }

    private long random(long elements, int seed) {
        long address = take(elements * precision.bytes());
        fill(address, elements, seed);
        return address;
    }

    private void fill(long address, long elements, int seed) {
        context.stream().launch(kernels.function("fill_random"), WIDE, address, elements, seed);
    }

    /** An implementation and its time. */
    private record Timed(Implementation implementation, float milliseconds) {
        static final Timed NONE = new Timed(null, Float.POSITIVE_INFINITY);

        Timed or(Timed other) {
            return other.milliseconds < milliseconds ? other : this;
        }
    }

    /** @throws CudaUnavailableException if no implementation works */
    Implementation best(Request request, Cudnn.Convolution convolution) {
        Timed product = timeCublas(request);
        Timed narrow = timeOwnKernel(request);
        Timed beside = product.or(narrow);
        Timed cudnn = timeCudnn(request, convolution, product.implementation() != null);
        Implementation best = beside.or(cudnn).implementation();
        if (best instanceof Implementation.OwnKernel && !agrees(request, convolution, cudnn.implementation())) {
            best = product.or(cudnn).implementation();
        }
        if (best == null) {
            throw new CudaUnavailableException("cuDNN " + Cudnn.version() + " has no algorithm for the convolution "
                    + request.shape() + ", " + request.direction().description() + ", in " + precision
                    + ". Set another precision, or compute on the CPU: kernels = onednn.");
        }
        LOG.info(
                "Convolution {}, {}, {}: cuDNN {}, cuBLAS {}, our kernels {} ms; {} is taken",
                request.shape(),
                request.direction().description(),
                precision,
                describe(cudnn),
                describe(product),
                describe(narrow),
                describe(best));
        return best;
    }

    /**
     * Whether our kernel gives the same result as cuDNN here. Tests without a GPU cover all but the tensor core
     * instructions, so the kernel is compared with cuDNN on each type of GPU before it is used. The comparison is
     * coarse: it finds a wrong layout or tap, but not one lost pixel in a weight gradient's sum.
     *
     * @param reference cuDNN's choice; without one nothing can be compared
     */
    boolean agrees(Request request, Cudnn.Convolution convolution, Implementation reference) {
        if (!(reference instanceof Implementation.CudnnAlgorithm cudnn)) {
            return false;
        }
        fillOperands(request.shape());
        convolution.use(request.direction(), cudnn.algorithm());
        context.cudnn().run(convolution, request.direction(), cudnn.algorithm(), x, w, y, workspace, workspaceBytes);
        long result =
                request.direction() == Direction.FORWARD ? y : request.direction() == Direction.BACKWARD_DATA ? x : w;
        long elements = request.shape().elements(request.direction());
        long bytes = elements * precision.bytes();
        try (ResourceStack scratch = new ResourceStack();
                PinnedMemory difference = device.pinned(2 * Float.BYTES)) {
            long expected = scratch.add(device.allocate(bytes), device::free);
            long found = scratch.add(device.allocate(difference.bytes()), device::free);
            Stream stream = context.stream();
            stream.copy(expected, result, bytes);
            stream.fill(result, -1, bytes); // NaN, where nothing is written
            new NarrowConvolution(request, precision, device.multiprocessors(), ownKernels)
                    .run(stream, x, w, y, workspace);
            stream.fill(found, 0, difference.bytes());
            stream.launch(kernels.function("compare"), WIDE, result, expected, elements, found);
            stream.copyToHost(difference, 0, found, difference.bytes());
            stream.synchronize();
            float[] values = new float[2];
            difference.read(0, values, 0, values.length);
            float max = precision == Precision.BFLOAT16 ? TOLERANCE_BFLOAT16 : TOLERANCE_TF32;
            boolean agree = values[0] <= max * values[1];
            if (!agree) {
                LOG.warn(
                        "Our kernel for the convolution {}, {}, in {} differs from cuDNN's by {}, of values up to {}, on {}."
                                + " cuDNN's is used; please report it, with the driver's version",
                        request.shape(),
                        request.direction().description(),
                        precision,
                        values[0],
                        values[1],
                        device);
            }
            return agree;
        }
    }

    /** Fills them again, because every run overwrites one. */
    private void fillOperands(ConvolutionShape shape) {
        fill(x, shape.inputElements(), 1);
        fill(y, shape.outputElements(), 2);
        fill(w, shape.weightElements(), 3);
    }

    private static String describe(Implementation implementation) {
        if (implementation instanceof Implementation.CudnnAlgorithm cudnn) {
            return "cuDNN's " + cudnn.algorithm().number();
        }
        return implementation instanceof Implementation.CublasProduct ? "cuBLAS" : "our kernel";
    }

    private static String describe(Timed timed) {
        return timed.implementation() == null ? "-" : String.format(Locale.ROOT, "%.4f", timed.milliseconds());
    }

    private Timed timeCublas(Request request) {
        if (!request.shape().isMatrixProduct()) {
            return Timed.NONE;
        }
        return new Timed(
                new Implementation.CublasProduct(),
                context.stream()
                        .milliseconds(
                                () -> context.cublas().run(request.shape(), precision, request.direction(), x, w, y)));
    }

    private Timed timeOwnKernel(Request request) {
        if (ownKernelsUnusable || !NarrowConvolution.supports(request, precision)) {
            return Timed.NONE;
        }
        NarrowConvolution narrow = new NarrowConvolution(request, precision, device.multiprocessors(), ownKernels);
        if (narrow.workspace() > workspaceBytes) {
            return Timed.NONE;
        }
        Runnable work = () -> narrow.run(context.stream(), x, w, y, workspace);
        try {
            work.run(); // compiles outside of the timing
            float once = context.stream().millisecondsOnce(work);
            return new Timed(
                    new Implementation.OwnKernel(),
                    once > LONG_MILLISECONDS ? once : context.stream().milliseconds(work));
        } catch (CudaUnavailableException | CudaException byCompilerOrDriver) {
            LOG.warn("Our kernels for convolutions cannot be used here; cuDNN's are", byCompilerOrDriver);
            ownKernelsUnusable = true;
            return Timed.NONE;
        }
    }

    private Timed timeCudnn(Request request, Cudnn.Convolution convolution, boolean isThereAnother) {
        Timed best = Timed.NONE;
        List<Cudnn.Found> found =
                context.cudnn().find(convolution, request.direction(), x, w, y, workspace, workspaceBytes);
        for (Cudnn.Found candidate : found) {
            Cudnn.Algorithm algorithm = candidate.algorithm();
            boolean fits = algorithm.deterministic() || !deterministic;
            boolean pruned =
                    candidate.milliseconds() > PRUNE_FACTOR * found.get(0).milliseconds();
            if (fits && !(pruned && (isThereAnother || best.implementation() != null))) {
                float milliseconds = candidate.milliseconds() > LONG_MILLISECONDS
                        ? candidate.milliseconds()
                        : milliseconds(request, convolution, algorithm);
                best = best.or(new Timed(new Implementation.CudnnAlgorithm(algorithm), milliseconds));
            }
        }
        return best;
    }

    private float milliseconds(Request request, Cudnn.Convolution convolution, Cudnn.Algorithm algorithm) {
        convolution.use(request.direction(), algorithm);
        return context.stream()
                .milliseconds(() -> context.cudnn()
                        .run(convolution, request.direction(), algorithm, x, w, y, workspace, workspaceBytes));
    }

    @Override
    public void close() {
        context.stream().synchronize();
        resources.close();
    }
}
