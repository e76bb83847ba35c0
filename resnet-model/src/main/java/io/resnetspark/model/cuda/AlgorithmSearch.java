package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.Convolver.Choice;
import io.resnetspark.model.cuda.Convolver.Use;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Times the algorithms for convolutions, on random values in memory of its own.
 *
 * <p>cuDNN's own times include what its calls cost the host, 60 microseconds and more, and so choose wrongly where a
 * convolution takes less; so every good candidate is recorded in a graph and timed there.
 */
final class AlgorithmSearch implements AutoCloseable {
    /** That an algorithm may take at most; the fast float32 ones want 1.2 GiB. */
    static final long MAX_WORKSPACE = 2L << 30;

    /** What cuDNN found so many times slower than the fastest is not timed again, unless nothing else will do. */
    private static final float HOPELESS = 4;

    /** What takes longer than this is timed well enough with its calls, which cost the host a tenth of a millisecond. */
    private static final float LONG_MILLISECONDS = 20;

    /** That results may be apart, of the largest of them: four times what the format's roundings make. */
    private static final float APART_IN_BFLOAT16 = 1f / 64;

    private static final float APART_IN_TF32 = 1f / 256;

    /** Of kernels that go over any number of elements. */
    private static final Grid WIDE = new Grid(1024, 1, 256, 1);

    private static final Logger LOG = LoggerFactory.getLogger(AlgorithmSearch.class);

    private final Lane lane;
    private final Module kernels;
    private final Supplier<Module> ours;
    /** Whether ours cannot be used. */
    private boolean unusable;

    private final Device device;
    private final Holdings memory = new Holdings();
    private final Precision precision;
    private final boolean deterministic;
    private final long x;
    private final long w;
    private final long y;
    private final long workspace;
    private final long workspaceBytes;

    /** @param ours those of {@link KernelSource#CONVOLUTION} */
    AlgorithmSearch(Lane lane, Supplier<Module> ours, Precision precision, boolean deterministic, List<Use> uses) {
        this.lane = lane;
        this.ours = ours;
        this.device = lane.stream().device();
        this.kernels = KernelSource.STEP.load(device, precision);
        this.precision = precision;
        this.deterministic = deterministic;
        long inputs = uses.stream()
                .mapToLong(use -> use.shape().inputElements())
                .max()
                .orElseThrow();
        long outputs = uses.stream()
                .mapToLong(use -> use.shape().outputElements())
                .max()
                .orElseThrow();
        long weights = uses.stream()
                .mapToLong(use -> use.shape().weightElements())
                .max()
                .orElseThrow();
        try {
            x = random(inputs, 1);
            y = random(outputs, 2);
            w = random(weights, 3);
            workspaceBytes = Math.min(MAX_WORKSPACE, device.freeMemory() / 2);
            workspace = take(workspaceBytes);
        } catch (RuntimeException refused) {
            throw memory.closeAfter(refused);
        }
    }

    private long take(long bytes) {
        return memory.add(device.allocate(bytes), device::free);
    }

    private long random(long elements, int seed) {
        long address = take(elements * precision.bytes());
        fill(address, elements, seed);
        return address;
    }

    private void fill(long address, long elements, int seed) {
        lane.stream().launch(kernels.function("fill_random"), WIDE, address, elements, seed);
    }

    /** A way of computing a convolution, and what it takes. */
    private record Timed(Choice choice, float milliseconds) {
        static final Timed NONE = new Timed(null, Float.POSITIVE_INFINITY);

        Timed or(Timed other) {
            return other.milliseconds < milliseconds ? other : this;
        }
    }

    /** @throws CudaUnavailableException if nothing computes it */
    Choice best(Use use, Cudnn.Convolution convolution) {
        Timed product = product(use);
        Timed narrow = narrow(use);
        Timed beside = product.or(narrow);
        Timed cudnn = cudnn(use, convolution, product.choice() != null);
        Choice best = beside.or(cudnn).choice();
        if (best instanceof Choice.Narrow && !agrees(use, convolution, cudnn.choice())) {
            best = product.or(cudnn).choice();
        }
        if (best == null) {
            throw new CudaUnavailableException("cuDNN " + Cudnn.version() + " has no algorithm for the convolution "
                    + use.shape() + ", " + use.direction().inWords() + ", in " + precision
                    + ". Set another precision, or compute on the CPU with --kernels onednn.");
        }
        LOG.info(
                "Convolution {}, {}, {}: cuDNN {}, cuBLAS {}, our kernels {} ms; {} is taken",
                use.shape(),
                use.direction().inWords(),
                precision,
                inWords(cudnn),
                inWords(product),
                inWords(narrow),
                inWords(best));
        return best;
    }

    /**
     * Whether our kernel computes here what cuDNN does. Tests without a GPU run all of it but the instructions of tensor
     * cores; so it is held to cuDNN on each kind of GPU before it is used there. Coarsely: a wrong layout or tap shows, one
     * lost pixel of a weight gradient's sums does not.
     *
     * @param reference cuDNN's choice; with none there is nothing to hold it to
     */
    boolean agrees(Use use, Cudnn.Convolution convolution, Choice reference) {
        if (!(reference instanceof Choice.OfCudnn cudnn)) {
            return false;
        }
        fillOperands(use.shape());
        convolution.use(use.direction(), cudnn.algorithm());
        lane.cudnn().run(convolution, use.direction(), cudnn.algorithm(), x, w, y, workspace, workspaceBytes);
        long result = use.direction() == Direction.FORWARD ? y : use.direction() == Direction.BACKWARD_DATA ? x : w;
        long elements = use.shape().elements(use.direction());
        long bytes = elements * precision.bytes();
        try (Holdings own = new Holdings();
                PinnedMemory apart = device.pinned(2 * Float.BYTES)) {
            long expected = own.add(device.allocate(bytes), device::free);
            long found = own.add(device.allocate(apart.bytes()), device::free);
            Stream stream = lane.stream();
            stream.copy(expected, result, bytes);
            stream.fill(result, -1, bytes); // not a number, where nothing is written
            new NarrowConvolution(use, precision, device.multiprocessors(), ours).run(stream, x, w, y, workspace);
            stream.fill(found, 0, apart.bytes());
            stream.launch(kernels.function("compare"), WIDE, result, expected, elements, found);
            stream.copyToHost(apart, 0, found, apart.bytes());
            stream.synchronize();
            float[] values = new float[2];
            apart.read(0, values, 0, values.length);
            float max = precision == Precision.BFLOAT16 ? APART_IN_BFLOAT16 : APART_IN_TF32;
            boolean agree = values[0] <= max * values[1];
            if (!agree) {
                LOG.warn(
                        "Our kernel for the convolution {}, {}, in {} differs from cuDNN's by {}, of values up to {}, on {}."
                                + " cuDNN's is used; please report it, with the driver's version",
                        use.shape(),
                        use.direction().inWords(),
                        precision,
                        values[0],
                        values[1],
                        device);
            }
            return agree;
        }
    }

    /** Anew, since every run has overwritten one. */
    private void fillOperands(ConvolutionShape shape) {
        fill(x, shape.inputElements(), 1);
        fill(y, shape.outputElements(), 2);
        fill(w, shape.weightElements(), 3);
    }

    private static String inWords(Choice choice) {
        if (choice instanceof Choice.OfCudnn cudnn) {
            return "cuDNN's " + cudnn.algorithm().number();
        }
        return choice instanceof Choice.Product ? "cuBLAS" : "our kernel";
    }

    private static String inWords(Timed timed) {
        return timed.choice() == null ? "-" : String.format(Locale.ROOT, "%.4f", timed.milliseconds());
    }

    private Timed product(Use use) {
        if (!use.shape().isProduct()) {
            return Timed.NONE;
        }
        return new Timed(
                new Choice.Product(),
                lane.stream().milliseconds(() -> lane.cublas().run(use.shape(), precision, use.direction(), x, w, y)));
    }

    private Timed narrow(Use use) {
        if (unusable || !NarrowConvolution.serves(use, precision)) {
            return Timed.NONE;
        }
        NarrowConvolution narrow = new NarrowConvolution(use, precision, device.multiprocessors(), ours);
        if (narrow.workspace() > workspaceBytes) {
            return Timed.NONE;
        }
        Runnable work = () -> narrow.run(lane.stream(), x, w, y, workspace);
        try {
            work.run(); // compiled here, not while it is timed
            float once = lane.stream().millisecondsOnce(work);
            return new Timed(
                    new Choice.Narrow(),
                    once > LONG_MILLISECONDS ? once : lane.stream().milliseconds(work));
        } catch (CudaUnavailableException byCompilerOrDriver) {
            LOG.warn("Our kernels for convolutions cannot be used here; cuDNN's are", byCompilerOrDriver);
            unusable = true;
            return Timed.NONE;
        }
    }

    private Timed cudnn(Use use, Cudnn.Convolution convolution, boolean isThereAnother) {
        Timed best = Timed.NONE;
        List<Cudnn.Found> found = lane.cudnn().find(convolution, use.direction(), x, w, y, workspace, workspaceBytes);
        for (Cudnn.Found candidate : found) {
            Cudnn.Algorithm algorithm = candidate.algorithm();
            boolean fits = algorithm.deterministic() || !deterministic;
            boolean hopeless =
                    candidate.milliseconds() > HOPELESS * found.get(0).milliseconds();
            if (fits && !(hopeless && (isThereAnother || best.choice() != null))) {
                float milliseconds = candidate.milliseconds() > LONG_MILLISECONDS
                        ? candidate.milliseconds()
                        : milliseconds(use, convolution, algorithm);
                best = best.or(new Timed(new Choice.OfCudnn(algorithm), milliseconds));
            }
        }
        return best;
    }

    private float milliseconds(Use use, Cudnn.Convolution convolution, Cudnn.Algorithm algorithm) {
        convolution.use(use.direction(), algorithm);
        return lane.stream()
                .milliseconds(() ->
                        lane.cudnn().run(convolution, use.direction(), algorithm, x, w, y, workspace, workspaceBytes));
    }

    @Override
    public void close() {
        lane.stream().synchronize();
        memory.close();
    }
}
