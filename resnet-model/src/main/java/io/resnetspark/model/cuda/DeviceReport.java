package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A GPU, and whether it can be used, for display.
 *
 * @param computeCapability 90 for Hopper; 0 if the device does not open
 * @param freeBytes that no process has allocated
 * @param problems why it cannot be used, with a remedy each, and the compiler's log if our kernels do not compile; empty
 *     if it can
 */
public record DeviceReport(
        int index, String name, int computeCapability, long freeBytes, long totalBytes, List<String> problems)
        implements Serializable {
    private static final long serialVersionUID = 1;

    public DeviceReport {
        problems = List.copyOf(problems);
    }

    /**
     * The throughput of a GPU.
     *
     * @param copy of a copy within device memory, in GB/s, counting reads and writes
     * @param products of a square matrix product by cuBLAS, in TFLOP/s, for each number format that the GPU supports
     */
    public record Rates(double copy, Map<Precision, Double> products) implements Serializable {
        private static final long serialVersionUID = 1;

        public Rates {
            products = new EnumMap<>(products);
        }
    }

    /** Reports on every GPU that the driver shows to this process; compiles our kernels for each. */
    public static List<DeviceReport> all() {
        List<DeviceReport> all = new ArrayList<>();
        try {
            int count = Device.count();
            for (int i = 0; i < count; i++) {
                all.add(of(i));
            }
        } catch (CudaUnavailableException none) {
            return List.of(); // CudaInstallation says why
        }
        return all;
    }

    /** Reports on the GPU of this number; compiles our kernels for it. */
    public static DeviceReport of(int index) {
        List<String> problems = new ArrayList<>();
        try {
            Device device = Device.of(index);
            device.makeCurrent();
            try {
                KernelSource.STEP.load(device, Precision.FLOAT32);
                if (device.supports(Precision.BFLOAT16)) {
                    KernelSource.STEP.load(device, Precision.BFLOAT16);
                    KernelSource.CONVOLUTION.load(device, Precision.TF32);
                    KernelSource.CONVOLUTION.load(device, Precision.BFLOAT16);
                }
            } catch (CudaUnavailableException | CudaException refused) {
                problems.add(String.valueOf(refused.getMessage()));
            }
            return new DeviceReport(
                    index,
                    device.name(),
                    device.computeCapability(),
                    device.freeMemory(),
                    device.totalMemory(),
                    problems);
        } catch (CudaUnavailableException | CudaException refused) {
            return new DeviceReport(index, "GPU " + index, 0, 0, 0, List.of(String.valueOf(refused.getMessage())));
        }
    }

    /**
     * Measures a GPU, within a second or two.
     *
     * @throws CudaUnavailableException if it does not exist or cannot be used
     */
    public static Rates rates(int index) {
        return DeviceBenchmark.of(Device.of(index));
    }
}
