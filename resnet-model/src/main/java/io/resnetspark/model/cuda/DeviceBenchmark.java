package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.util.EnumMap;
import java.util.Map;

/** Measures the throughput of a GPU, on sizes that grow until the device takes longer than the call. */
final class DeviceBenchmark {
    private static final float MIN_MILLISECONDS = 2; // milliseconds
    private static final int REPETITIONS = 5;

    private static final long SMALLEST_COPY = 4L << 20;
    private static final long LARGEST_COPY = 1L << 30;
    private static final int SMALLEST_MATRIX = 256;
    private static final int LARGEST_MATRIX = 8192;

    private final Device device;
    private final Stream stream;

    private DeviceBenchmark(Device device) {
        this.device = device;
        this.stream = device.stream();
    }

    static DeviceReport.Rates of(Device device) {
        device.makeCurrent();
        DeviceBenchmark benchmark = new DeviceBenchmark(device);
        Map<Precision, Double> products = new EnumMap<>(Precision.class);
        try (Cublas cublas = new Cublas(benchmark.stream)) {
            for (Precision precision : Precision.values()) {
                if (device.supports(precision)) {
                    products.put(precision, benchmark.product(cublas, precision));
                }
            }
        }
        return new DeviceReport.Rates(benchmark.copy(), products);
    }

    /** In GB/s, counting reads and writes. */
    private double copy() {
        long max = Math.min(LARGEST_COPY, device.freeMemory() / 4);
        long from = device.allocate(max);
        long to = device.allocate(max);
        try {
            stream.fill(from, 0, max);
            double rate = 0;
            for (long bytes = SMALLEST_COPY; bytes <= max; bytes *= 2) {
                long copied = bytes;
                float milliseconds = fastestMilliseconds(() -> stream.copy(to, from, copied));
                rate = 2.0 * bytes / milliseconds / 1e6;
                if (milliseconds > MIN_MILLISECONDS) {
                    break;
                }
            }
            return rate;
        } finally {
            device.free(from);
            device.free(to);
        }
    }

    /** In TFLOP/s; a multiply-add is two operations. */
    private double product(Cublas cublas, Precision precision) {
        double rate = 0;
        for (int side = SMALLEST_MATRIX; side <= LARGEST_MATRIX; side *= 2) {
            long bytes = (long) side * side * precision.bytes();
            if (bytes > device.freeMemory() / 4) {
                break;
            }
            float milliseconds = product(cublas, precision, side, bytes);
            rate = 2.0 * side * side * side / milliseconds / 1e9;
            if (milliseconds > MIN_MILLISECONDS) {
                break;
            }
        }
        return rate;
    }

    private float product(Cublas cublas, Precision precision, int side, long bytes) {
        long x = device.allocate(bytes);
        long w = device.allocate(bytes);
        long y = device.allocate(bytes);
        try {
            random(x, side, precision);
            random(w, side, precision);
            ConvolutionShape square = new ConvolutionShape(side, side, 1, 1, side, 1, 1, 0);
            return fastestMilliseconds(() -> cublas.run(square, precision, Direction.FORWARD, x, w, y));
        } finally {
            device.free(x);
            device.free(w);
            device.free(y);
        }
    }

    /** Zeros would take less power, and be faster than real work. */
    private void random(long address, int side, Precision precision) {
        stream.launch(
                KernelSource.STEP.load(device, precision).function("fill_random"),
                new Grid(1024, 1, 256, 1),
                address,
                (long) side * side,
                side);
    }

    /** Milliseconds of the fastest run, after a warm-up. */
    private float fastestMilliseconds(Runnable work) {
        work.run();
        float min = Float.POSITIVE_INFINITY;
        try (Event begin = stream.event();
                Event end = stream.event()) {
            for (int i = 0; i < REPETITIONS; i++) {
                stream.record(begin);
                work.run();
                stream.record(end);
                end.synchronize();
                min = Math.min(min, begin.millisecondsTo(end));
            }
        }
        return min;
    }
}
