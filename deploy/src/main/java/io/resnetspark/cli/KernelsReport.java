package io.resnetspark.cli;

import io.resnetspark.model.cuda.CudaInstallation;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.DeviceReport;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.model.kernel.Kernels;
import java.io.PrintWriter;
import java.util.Locale;

/** What a machine computes with: its CPU's kernels, its GPUs, CUDA's libraries, and what is taken by itself. */
final class KernelsReport {
    private static final long MIB = 1L << 20;

    private KernelsReport() {}

    static void print(PrintWriter out) {
        out.println(Kernels.onThisMachine());
        if (Placement.isNd4jOnGpu()) {
            return;
        }
        CudaInstallation cuda = CudaInstallation.find();
        if (cuda.driver().isEmpty()) {
            out.println("no GPU: there is no NVIDIA driver");
            return;
        }
        cuda.libraries().forEach(out::println);
        cuda.shadowed().forEach(file -> out.println("not used, further back on the path: " + file));
        cuda.problems().forEach(problem -> out.println("problem: " + problem));
        for (DeviceReport gpu : DeviceReport.all()) {
            print(gpu, out);
        }
        Placement here = Placement.here(ComputeOptions.AUTO, Placement.NONE);
        out.println("kernels = auto: " + here.description());
    }

    private static void print(DeviceReport gpu, PrintWriter out) {
        if (gpu.computeCapability() > 0) {
            out.printf(
                    Locale.ROOT,
                    "GPU %d, %s, compute capability %.1f, %,d of %,d MiB free, precision = auto: %s%n",
                    gpu.index(),
                    gpu.name(),
                    gpu.computeCapability() / 10.0,
                    gpu.freeBytes() / MIB,
                    gpu.totalBytes() / MIB,
                    gpu.problems().isEmpty() ? precision(gpu.index()) : "none");
        }
        gpu.problems().forEach(problem -> out.println("problem: " + problem));
    }

    private static String precision(int gpu) {
        try {
            return new Placement(ComputeOptions.AUTO, gpu, "").precision().toString();
        } catch (CudaUnavailableException none) {
            return "none";
        }
    }
}
