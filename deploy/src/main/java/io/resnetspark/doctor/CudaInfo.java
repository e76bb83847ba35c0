package io.resnetspark.doctor;

import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.CudaException;
import io.resnetspark.model.cuda.CudaInstallation;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.cuda.DeviceReport;
import io.resnetspark.model.cuda.OutOfDeviceMemoryException;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.worker.GpuAddress;
import io.resnetspark.train.worker.Minibatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What our CUDA kernels find in one process.
 *
 * @param backend what is to compute
 * @param driver the CUDA version that the driver serves; empty without a driver
 * @param cudnn its version; empty where it was not found
 * @param gpus that can be used, of those that Spark gave; without any, of the machine's first
 * @param problems why they cannot be used, with the fix of each
 * @param shadowed libraries further back on the path, of which others are used
 */
record CudaInfo(
        Backend backend,
        String driver,
        String cudnn,
        List<UsableGpu> gpus,
        List<String> problems,
        List<String> shadowed)
        implements Serializable {
    /** Rates do not change, and take a second each to measure. */
    private static final Map<Integer, DeviceReport.Rates> RATES = new ConcurrentHashMap<>();

    /**
     * A GPU, as it is.
     *
     * @param neededBytes of a network with the recipe's batch; 0 without a recipe
     */
    record UsableGpu(DeviceReport report, DeviceReport.Rates rates, long neededBytes) implements Serializable {}

    /** What is to compute. */
    enum Backend {
        /** Our CUDA kernels where there is a GPU for them, else the CPU. */
        NATIVE,
        /** The CPU, as the recipe wants it. */
        CPU,
        /** nd4j-cuda, of the build with -Pcuda. */
        ND4J
    }

    static CudaInfo unasked(Backend backend) {
        return new CudaInfo(backend, "", "", List.of(), List.of(), List.of());
    }

    private static Backend backend(KernelOption asked) {
        if (Placement.isNd4jOnGpu()) {
            return Backend.ND4J;
        }
        return asked == KernelOption.AUTO || asked == KernelOption.CUDA ? Backend.NATIVE : Backend.CPU;
    }

    /** @param addresses that Spark gave; without any, the first GPU of the machine */
    static CudaInfo ofThisProcess(List<String> addresses, Optional<Recipe> recipe, int classes) {
        Backend backend = backend(recipe.map(one -> one.compute().kernels()).orElse(KernelOption.AUTO));
        if (backend != Backend.NATIVE) {
            return unasked(backend);
        }
        CudaInstallation libraries = CudaInstallation.find();
        List<String> problems = new ArrayList<>(libraries.problems());
        List<UsableGpu> gpus = new ArrayList<>();
        if (problems.isEmpty()) {
            for (String address : addresses(addresses, libraries.devices())) {
                look(address, recipe, classes, gpus, problems);
            }
        }
        return new CudaInfo(
                backend,
                libraries.driver(),
                libraries.libraries().stream()
                        .filter(library -> library.name().equals("cuDNN"))
                        .map(CudaInstallation.Found::version)
                        .findFirst()
                        .orElse(""),
                gpus,
                problems,
                libraries.shadowed());
    }

    private static List<String> addresses(List<String> given, int devices) {
        return given.isEmpty() && devices > 0 ? List.of("0") : given;
    }

    private static void look(
            String address, Optional<Recipe> recipe, int classes, List<UsableGpu> gpus, List<String> problems) {
        try {
            DeviceReport report = DeviceReport.of(GpuAddress.number(address));
            problems.addAll(report.problems());
            if (report.problems().isEmpty()) {
                long needed = recipe.isPresent() ? needed(report.index(), recipe.get(), classes) : 0;
                gpus.add(new UsableGpu(report, RATES.computeIfAbsent(report.index(), DeviceReport::rates), needed));
            }
        } catch (CudaUnavailableException | CudaException | OutOfDeviceMemoryException refused) {
            problems.add(refused.getMessage());
        }
    }

    private static long needed(int gpu, Recipe recipe, int classes) {
        Placement placement = new Placement(recipe.compute(), gpu, "");
        Precision precision = placement.precision();
        DeviceMemoryEstimate.Work work = new DeviceMemoryEstimate.Work(
                recipe.architecture(),
                Shape.square(3, recipe.data().evaluation().side()),
                classes,
                recipe.batchSize(),
                recipe.accumulationSteps(),
                Minibatch.EVALUATION_CROPS);
        return DeviceMemoryEstimate.of(placement.device(), work, precision).total();
    }
}
