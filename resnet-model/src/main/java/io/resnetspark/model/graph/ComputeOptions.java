package io.resnetspark.model.graph;

import io.resnetspark.model.kernel.Kernels;
import java.io.Serializable;
import java.util.Locale;

/**
 * What a recipe or a command asks a network to compute with; {@link Placement} says where that is.
 *
 * @param precision the number format on a GPU; CPUs compute in float32
 * @param deterministic whether a GPU uses only algorithms that give the same bits each time
 */
public record ComputeOptions(KernelOption kernels, PrecisionOption precision, boolean deterministic)
        implements Serializable {
    private static final long serialVersionUID = 1;

    public static final ComputeOptions AUTO = new ComputeOptions(KernelOption.AUTO, PrecisionOption.AUTO, true);

    /** Whose kernels. */
    public enum KernelOption {
        /** The GPU that Spark gives, else one of this machine that can be used, else the CPU. */
        AUTO,
        /** CUDA on a GPU, and nothing else. */
        CUDA,
        /** The CPU, on oneDNN. */
        ONEDNN,
        /** ND4J's ops: the CPU, or with nd4j-cuda what that computes on. */
        OPS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Of activations and products on a GPU; see {@link io.resnetspark.model.Precision}. */
    public enum PrecisionOption {
        /** tf32 on GPUs that have it (compute capability 8.0 and later), else float32. */
        AUTO,
        FLOAT32,
        TF32,
        BFLOAT16;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** With the kernels of a CPU that a graph's layers are built for, wherever the graph then computes. */
    public Kernels.Choice layers() {
        return switch (kernels) {
            case AUTO, CUDA -> Kernels.Choice.AUTO;
            case ONEDNN -> Kernels.Choice.ONEDNN;
            case OPS -> Kernels.Choice.OPS;
        };
    }
}
