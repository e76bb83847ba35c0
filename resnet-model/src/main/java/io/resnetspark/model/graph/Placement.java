package io.resnetspark.model.graph;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.CudaInstallation;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.DeviceReport;
import java.util.List;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where a network computes: on a GPU with our CUDA kernels, or with ND4J and oneDNN.
 *
 * <p>A GPU that was requested, by a recipe, an option or Spark, is never silently replaced by the CPU.
 *
 * @param gpu its number; {@link #NONE} for ND4J and oneDNN
 * @param remark why a GPU of this machine is not used; may be empty
 */
public record Placement(ComputeOptions options, int gpu, String remark) {
    /** Stands for no GPU, or none assigned by Spark. */
    public static final int NONE = -1;

    private static final int FIRST = 0;

    /**
     * The machine's devices.
     *
     * @param nd4jOnGpu whether ND4J's backend is nd4j-cuda
     * @param gpuUsable whether our kernels run on its first GPU
     * @param problem why they do not, if there is a driver
     */
    record Machine(boolean nd4jOnGpu, boolean gpuUsable, String problem) {
        static Machine detect() {
            if (isNd4jOnGpu()) {
                return new Machine(true, false, "");
            }
            CudaInstallation cuda = CudaInstallation.find();
            if (cuda.devices() == 0) {
                return new Machine(false, false, cuda.driver().isEmpty() ? "" : whyNoDevice());
            }
            List<String> problems =
                    cuda.problems().isEmpty() ? DeviceReport.of(FIRST).problems() : cuda.problems();
            return new Machine(false, problems.isEmpty(), problems.isEmpty() ? "" : problems.get(0));
        }

        private static String whyNoDevice() {
            try {
                Device.count();
                return ""; // a driver on a machine that has no GPU, or may show none
            } catch (CudaUnavailableException broken) {
                return broken.getMessage();
            }
        }
    }

    /**
     * Decides the placement.
     *
     * @param address of the GPU that Spark assigned, or {@link #NONE}
     * @throws CudaUnavailableException if CUDA is requested with nd4j-cuda
     */
    static Placement of(ComputeOptions options, int address, Machine machine) {
        return switch (options.kernels()) {
            case ONEDNN, ND4J -> new Placement(options, NONE, "");
            case CUDA -> {
                if (machine.nd4jOnGpu) {
                    throw new CudaUnavailableException("This build computes with nd4j-cuda (-Pcuda), beside which our"
                            + " CUDA kernels do not run. Take the usual build for them, or say kernels = auto.");
                }
                yield new Placement(options, Math.max(address, FIRST), "");
            }
            case AUTO -> {
                if (machine.nd4jOnGpu) {
                    yield new Placement(options, NONE, "");
                }
                yield address != NONE
                        ? new Placement(options, address, "")
                        : new Placement(options, machine.gpuUsable ? FIRST : NONE, machine.problem);
            }
        };
    }

    /**
     * Decides the placement on this machine.
     *
     * @param address of the GPU that Spark assigned, or {@link #NONE}
     * @throws CudaUnavailableException if CUDA is requested with nd4j-cuda
     */
    public static Placement here(ComputeOptions options, int address) {
        boolean asksMachine = options.kernels() == ComputeOptions.KernelOption.AUTO && address == NONE;
        Machine machine = asksMachine ? Machine.detect() : new Machine(isNd4jOnGpu(), false, "");
        return of(options, address, machine);
    }

    /** On the CPU, whatever the machine has; a request for CUDA is not fulfilled. */
    public static Placement onCpu(ComputeOptions options) {
        return new Placement(options, NONE, "");
    }

    /** Whether ND4J itself computes on GPUs: the build with -Pcuda. */
    public static boolean isNd4jOnGpu() {
        return !Nd4j.getBackend().getClass().getSimpleName().equals("CpuBackend");
    }

    public boolean isOnGpu() {
        return gpu != NONE;
    }

    /**
     * The GPU.
     *
     * @throws CudaUnavailableException if it cannot be used, or does not support the requested number format
     */
    public Device device() {
        Device device = Device.of(gpu);
        precision(device);
        return device;
    }

    /** The number format that it computes in. */
    public Precision precision() {
        return isOnGpu() ? precision(Device.of(gpu)) : Precision.FLOAT32;
    }

    private Precision precision(Device device) {
        if (options.precision() == ComputeOptions.PrecisionOption.AUTO) {
            return device.supports(Precision.TF32) ? Precision.TF32 : Precision.FLOAT32;
        }
        Precision asked = Precision.valueOf(options.precision().name());
        if (!device.supports(asked)) {
            throw new CudaUnavailableException(device + ", has compute capability " + device.computeCapability() / 10.0
                    + "; " + asked + " needs 8.0 (Ampere) or later. Say precision = float32 or auto, or compute on the"
                    + " CPU with kernels = onednn.");
        }
        return asked;
    }

    /**
     * Moves a graph to the GPU, if this placement has one.
     *
     * @throws CudaUnavailableException saying what is missing
     */
    public void apply(NetworkGraph graph) {
        if (isOnGpu()) {
            Device device = device();
            graph.moveTo(device, precision(device), options.deterministic());
        }
    }

    /** For display. */
    public String description() {
        if (!isOnGpu()) {
            return options.layers().description();
        }
        Device device = device();
        return "CUDA on " + device + ", compute capability " + device.computeCapability() / 10.0 + ", "
                + precision(device) + (options.deterministic() ? ", deterministic" : "");
    }
}
