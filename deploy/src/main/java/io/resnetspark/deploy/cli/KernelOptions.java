package io.resnetspark.deploy.cli;

import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.Kind;
import io.resnetspark.model.graph.ComputeOptions.NumberFormat;
import picocli.CommandLine.Option;

/** What a command that only looks at images computes with; training is told by its recipe. */
final class KernelOptions {
    @Option(
            names = "--kernels",
            paramLabel = "KERNELS",
            defaultValue = "auto",
            description = "What computes: ${COMPLETION-CANDIDATES}. Default: auto.")
    Kind kernels;

    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            defaultValue = "auto",
            description = "The number format on a GPU: ${COMPLETION-CANDIDATES}. Default: auto.")
    NumberFormat precision;

    ComputeOptions options() {
        return new ComputeOptions(kernels, precision, true);
    }
}
