package io.resnetspark.model.graph;

import io.resnetspark.model.kernel.Kernels;
import java.io.Serializable;
import java.util.Locale;

/**
 * The requested kernels and number format; {@link Placement} decides where a network computes.
 *
 * @param precision the number format on a GPU; CPUs compute in float32
 * @param deterministic whether a GPU uses only deterministic algorithms
 */
public record ComputeOptions(KernelOption kernels, PrecisionOption precision, boolean deterministic)
        implements Serializable {
    private static final long serialVersionUID = 1;

    public static final ComputeOptions AUTO = new ComputeOptions(KernelOption.AUTO, PrecisionOption.AUTO, true);

    /** The requested kernels. */
    public enum KernelOption {
        /** The GPU that Spark assigns, else a usable one of this machine, else the CPU. */
        AUTO,
        /** CUDA on a GPU only. */
        CUDA,
        /** The CPU, on oneDNN. */
        ONEDNN,
        /** ND4J's ops: on the CPU, or with nd4j-cuda on its device. */
        ND4J;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The number format of activations and products on a GPU; see {@link io.resnetspark.model.Precision}. */
    public enum PrecisionOption {
        /** tf32 on GPUs that support it (compute capability 8.0 and later), else float32. */
        AUTO,
        FLOAT32,
        TF32,
        BFLOAT16;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The CPU kernels that a graph's layers are built with, even if the graph then computes on a GPU. */
    public Kernels.Choice layers() {
        return switch (kernels) {
            case AUTO, CUDA -> Kernels.Choice.AUTO;
            case ONEDNN -> Kernels.Choice.ONEDNN;
            case ND4J -> Kernels.Choice.OPS;
        };
    }
}
