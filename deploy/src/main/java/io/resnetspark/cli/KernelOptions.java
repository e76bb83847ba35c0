package io.resnetspark.cli;

import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import picocli.CommandLine.Option;

/** What a command that only looks at images computes with; training is told by its recipe. */
final class KernelOptions {
    @Option(
            names = "--kernels",
            paramLabel = "KERNELS",
            defaultValue = "auto",
            description = "The kernels: ${COMPLETION-CANDIDATES}. Default: auto.")
    KernelOption kernels;

    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            defaultValue = "auto",
            description = "The number format on a GPU: ${COMPLETION-CANDIDATES}. Default: auto.")
    PrecisionOption precision;

    ComputeOptions options() {
        return new ComputeOptions(kernels, precision, true);
    }
}
