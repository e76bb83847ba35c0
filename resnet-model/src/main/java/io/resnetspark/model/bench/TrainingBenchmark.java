package io.resnetspark.model.bench;

import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.ModelSummary;
import io.resnetspark.model.Network;
import io.resnetspark.model.ResidentMemory;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.cuda.DeviceReport;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.model.graph.Dl4jReferenceGraph;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.model.kernel.NativeThreads;
import io.resnetspark.model.kernel.PeakFlops;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.Arrays;
import java.util.Locale;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.schedule.FixedSchedule;

/**
 * Measures how fast a network trains and infers on this machine: repeats one random batch through {@link
 * ComputationGraph#fit}, with momentum and weight decay.
 *
 * @param image height and width, in pixels
 * @param precision on a GPU, like {@code deterministic}
 * @param iterations timed, after {@link #WARM_UP} untimed ones
 */
public record TrainingBenchmark(
        Network network,
        int batch,
        int image,
        int threads,
        Backend backend,
        PrecisionOption precision,
        boolean deterministic,
        int iterations) {
    /** DL4J learns the size of its workspaces, and the JVM compiles hot methods. */
    private static final int WARM_UP = 8;

    /** Timed blocks on a GPU, of {@code iterations} each; the host waits once per block. */
    private static final int TIMED_BLOCKS = 5;

    private static final double LEARNING_RATE = 0.01;
    private static final double WEIGHT_DECAY = 1e-4;

    /** The implementation to measure. */
    public enum Backend {
        /** Our layers, with the kernels that networks use on this machine. */
        AUTO,
        /** Our layers on a GPU, with the input already there. */
        CUDA,
        /** Our layers on oneDNN. */
        ONEDNN,
        /** Our layers on ND4J's ops. */
        ND4J,
        /** DL4J's own layers and its Nesterov momentum. */
        DL4J;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Median speeds.
     *
     * @param image side in pixels
     * @param kernels as requested
     * @param computed description of the GPU and its number format, or of the CPU's kernels
     * @param peakResidentMib of the process since its start; 0 if the system does not report it
     * @param gpuMib memory that the network took on the GPU, including what CUDA's libraries loaded for it; 0 without a
     *     GPU
     * @param peakShare multiply-adds of training (three times those of inference, counted as direct convolutions)
     *     divided by those of a matrix product; Winograd's convolutions need fewer than are counted
     */
    public record Result(
            String network,
            int batch,
            int image,
            int threads,
            String kernels,
            String computed,
            double trainImagesPerSecond,
            double inferenceImagesPerSecond,
            long peakResidentMib,
            long gpuMib,
            double peakShare) {}

    /**
     * Runs the benchmark.
     *
     * @throws IllegalArgumentException with the memory that is needed, if there is less
     * @throws io.resnetspark.model.cuda.CudaUnavailableException if a GPU is requested that cannot be used
     */
    public Result run() {
        Placement placement = placement();
        return placement.isOnGpu() ? onGpu(placement) : onCpu(placement);
    }

    private Placement placement() {
        if (backend == Backend.DL4J) {
            return Placement.onCpu(ComputeOptions.AUTO);
        }
        KernelOption kernels = KernelOption.valueOf(backend.name());
        return Placement.here(new ComputeOptions(kernels, precision, deterministic), Placement.NONE);
    }

    private Result onCpu(Placement placement) {
        ModelSummary summary = network.summary(input(), network.classes());
        if (backend == Backend.AUTO || backend == Backend.ONEDNN) {
            MemoryEstimate.of(summary, batch).requireFits(network.name(), batch, 1, ResidentMemory.available());
        }
        NativeThreads.limit(threads);
        ComputationGraph graph = graph(placement.options());
        DataSet data = data();
        double training = imagesPerSecond(() -> graph.fit(data));
        double inference = imagesPerSecond(() -> graph.outputSingle(data.getFeatures()));
        long resident = ResidentMemory.peakBytes() >> 20;
        double peak = PeakFlops.measure();
        return new Result(
                network.name(),
                batch,
                image,
                threads,
                backend.toString(),
                backend == Backend.DL4J ? "DL4J's layers" : placement.description(),
                training,
                inference,
                resident,
                0,
                3 * summary.multiplyAdds() * training / peak);
    }

    /** Steps are enqueued one after the other and waited for at the end, as in training. */
    private Result onGpu(Placement placement) {
        Device device = placement.device();
        DeviceMemoryEstimate.Work work =
                new DeviceMemoryEstimate.Work(network, input(), network.classes(), batch, 1, batch);
        DeviceMemoryEstimate.requireFits(device, work, placement.precision(), 1);
        NativeThreads.limit(threads);
        long free = device.freeMemory();
        NetworkGraph graph = (NetworkGraph) graph(placement.options());
        placement.apply(graph);
        DataSet data = data();
        graph.fit(data);
        double training = gpuImagesPerSecond(graph);
        graph.outputSingle(data.getFeatures());
        double inference = gpuImagesPerSecond(graph);
        long taken = (free - device.freeMemory()) >> 20;
        graph.leaveGpu();
        double peak = DeviceReport.rates(device.index()).products().get(placement.precision()) * 1e12 / 2;
        return new Result(
                network.name(),
                batch,
                image,
                threads,
                backend.toString(),
                placement.description(),
                training,
                inference,
                ResidentMemory.peakBytes() >> 20,
                taken,
                3 * network.summary(input(), network.classes()).multiplyAdds() * training / peak);
    }

    /** Images per second of the last operation, repeated; the median block. The input stays on the GPU. */
    private double gpuImagesPerSecond(NetworkGraph graph) {
        long[] nanoseconds = new long[TIMED_BLOCKS];
        for (int block = -1; block < TIMED_BLOCKS; block++) {
            graph.awaitGpu();
            long start = System.nanoTime();
            for (int i = 0; i < iterations; i++) {
                graph.repeatOnGpu();
            }
            graph.awaitGpu();
            if (block >= 0) {
                nanoseconds[block] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanoseconds);
        return (double) batch * iterations * 1e9 / nanoseconds[TIMED_BLOCKS / 2];
    }

    private Shape input() {
        return Shape.square(3, image);
    }

    private ComputationGraph graph(ComputeOptions options) {
        if (backend == Backend.DL4J) {
            return Dl4jReferenceGraph.build(
                    network,
                    input(),
                    network.classes(),
                    DataType.FLOAT,
                    new Nesterovs(LEARNING_RATE, 0.9),
                    WEIGHT_DECAY);
        }
        return NetworkGraphBuilder.of(network, input(), network.classes())
                .kernels(options.layers())
                .updater(new SgdMomentum(0.9, new FixedSchedule(LEARNING_RATE)))
                .weightDecay(WEIGHT_DECAY)
                .seed(1)
                .build();
    }

    private DataSet data() {
        INDArray labels = Nd4j.zeros(batch, network.classes());
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % network.classes(), 1);
        }
        return new DataSet(Nd4j.randn(input().withBatch(batch)), labels);
    }

    /** Images per second, by the median step. */
    private double imagesPerSecond(Runnable step) {
        long[] nanoseconds = new long[iterations];
        for (int i = -WARM_UP; i < iterations; i++) {
            long start = System.nanoTime();
            step.run();
            if (i >= 0) {
                nanoseconds[i] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanoseconds);
        return batch * 1e9 / nanoseconds[iterations / 2];
    }
}
