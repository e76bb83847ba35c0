package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.CudaNetwork;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.graph.NetworksOnGpu;
import java.util.Arrays;
import java.util.Map;
import org.nd4j.linalg.dataset.DataSet;

/** Images per second of a whole step, or of inference, with the input already on the GPU; deterministic. */
final class SpeedCheck {
    /** The file with the measurements, for {@link SpeedComparison}. */
    static final String MEASURED = "speed-ours.jsonl";

    private static final double LEARNING_RATE = 0.01;
    private static final int WINDOWS = 5;
    private static final double WINDOW_SECONDS = 0.25;
    private static final int FEWEST = 10;
    private static final int MAX = 1000;

    /** Tolerance of an estimate, relative to the real usage. */
    private static final double ESTIMATE_OFF = 0.1;

    private final CheckLog log;
    private final Device device;

    SpeedCheck(CheckLog log, Device device) {
        this.log = log;
        this.device = device;
    }

    void measure(Workload workload) {
        long before = device.allocatedBytes();
        long start = System.nanoTime();
        DataSet data = NetworksOnGpu.minibatch(workload.network(), workload.batch(), 5);
        try (CudaNetwork network = NetworksOnGpu.alone(
                NetworksOnGpu.graph(workload.network(), 1),
                workload.network(),
                device,
                workload.precision(),
                workload.deterministic())) {
            double prepared = secondsSince(start);
            start = System.nanoTime();
            if (workload.training()) {
                network.fit(data.getFeatures(), data.getLabels(), LEARNING_RATE, 0);
            } else {
                network.probabilities(data.getFeatures());
            }
            network.await();
            double setUp = secondsSince(start);
            double seconds = median(network);
            long bytes = device.allocatedBytes() - before;
            log.measured(
                    MEASURED,
                    Map.of("work", workload.words(), "imagesPerSecond", workload.batch() / seconds, "bytes", bytes));
            log.said(
                    workload.toString(),
                    "%.0f images/s, %.3f ms, %.2f GiB; graph and images made in %.1f s, algorithms found and step recorded in %.1f s",
                    workload.batch() / seconds,
                    seconds * 1e3,
                    bytes / (double) (1L << 30),
                    prepared,
                    setUp);
            long estimate = estimate(workload);
            log.check(
                    workload + ": memory as estimated",
                    Math.abs(estimate - bytes) <= ESTIMATE_OFF * bytes,
                    "%.2f GiB used, %.2f estimated",
                    bytes / (double) (1L << 30),
                    estimate / (double) (1L << 30));
        }
    }

    private long estimate(Workload workload) {
        int trained = workload.training() ? workload.batch() : 0;
        return DeviceMemoryEstimate.of(
                        device,
                        new DeviceMemoryEstimate.Work(
                                workload.network(),
                                workload.network().input(),
                                workload.network().classes(),
                                trained,
                                1,
                                workload.batch() - trained),
                        workload.precision())
                .total();
    }

    /** Seconds of one step. */
    private static double median(CudaNetwork network) {
        seconds(network, 3);
        double estimate = seconds(network, 3);
        int steps = (int) Math.max(FEWEST, Math.min(MAX, WINDOW_SECONDS / estimate));
        double[] windows = new double[WINDOWS];
        for (int i = 0; i < WINDOWS; i++) {
            windows[i] = seconds(network, steps);
        }
        Arrays.sort(windows);
        return windows[WINDOWS / 2];
    }

    private static double seconds(CudaNetwork network, int steps) {
        long start = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            network.repeat();
        }
        network.await();
        return secondsSince(start) / steps;
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
