package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.CudaInstallation;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.DeviceReport;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Checks the machine: the GPU, the driver, CUDA's libraries, the compile time of our kernels, and the GPU's throughput.
 */
final class MachineCheck {
    /** The file with the throughput, for the parts that compare with it. */
    static final String RATES = "rates.jsonl";

    private MachineCheck() {}

    static void run(CheckLog log, Device device) {
        CudaInstallation libraries = CudaInstallation.find();
        libraries.libraries().forEach(library -> log.said("library", "%s", library));
        log.check(
                "CUDA's libraries are there",
                libraries.problems().isEmpty(),
                "%s",
                String.join(" ", libraries.problems()));
        long start = System.nanoTime();
        DeviceReport report = DeviceReport.of(0);
        double seconds = (System.nanoTime() - start) / 1e9;
        log.said(
                "card",
                "%s, compute capability %.1f, %d multiprocessors, %.1f of %.1f GiB free",
                device.name(),
                device.computeCapability() / 10.0,
                device.multiprocessors(),
                device.freeMemory() / (double) (1L << 30),
                device.totalMemory() / (double) (1L << 30));
        log.check(
                "our kernels compile",
                report.problems().isEmpty(),
                "%.1f s in both number formats. %s",
                seconds,
                String.join(" ", report.problems()));
        DeviceReport.Rates rates = DeviceReport.rates(0);
        log.check(
                "the card's rates",
                rates.copy() > 0,
                "copy %.0f GB/s; product of matrices in TFLOP/s: %s",
                rates.copy(),
                rates.products());
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("copy", rates.copy());
        rates.products().forEach((precision, rate) -> values.put(precision.toString(), rate));
        log.measured(RATES, values);
    }
}
