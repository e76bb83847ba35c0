package io.resnetspark.deploy.doctor;

import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.CudaException;
import io.resnetspark.model.cuda.CudaLibraries;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.cuda.DeviceReport;
import io.resnetspark.model.graph.ComputeOptions.Kind;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.train.recipe.Recipe;
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
 * @param gpus those that Spark gave, else the first of the machine, if it has one
 * @param problems why they cannot be used, with the mend of each
 * @param passedOver libraries further back on the path, of which others are used
 */
record Cuda(
        Backend backend, String driver, String cudnn, List<Seen> gpus, List<String> problems, List<String> passedOver)
        implements Serializable {
    /** Rates do not change, and take a second each to measure. */
    private static final Map<Integer, DeviceReport.Rates> RATES = new ConcurrentHashMap<>();

    /**
     * A GPU, as it is.
     *
     * @param rates null where it cannot be used
     * @param neededBytes of a network with the recipe's batch; 0 without a recipe
     */
    record Seen(DeviceReport report, DeviceReport.Rates rates, long neededBytes) implements Serializable {}

    /** What is to compute. */
    enum Backend {
        /** Our CUDA kernels where there is a GPU for them, else the CPU. */
        OURS,
        /** The CPU, as the recipe wants it. */
        CPU,
        /** nd4j-cuda, of the build with -Pcuda. */
        ND4J
    }

    static Cuda unasked(Backend backend) {
        return new Cuda(backend, "", "", List.of(), List.of(), List.of());
    }

    private static Backend backend(Kind asked) {
        if (Placement.isNd4jOnGpu()) {
            return Backend.ND4J;
        }
        return asked == Kind.AUTO || asked == Kind.CUDA ? Backend.OURS : Backend.CPU;
    }

    /** @param addresses that Spark gave; without any, the first GPU of the machine */
    static Cuda ofThisProcess(List<String> addresses, Optional<Recipe> recipe, int classes) {
        Backend backend = backend(recipe.map(one -> one.compute().kernels()).orElse(Kind.AUTO));
        if (backend != Backend.OURS) {
            return unasked(backend);
        }
        CudaLibraries libraries = CudaLibraries.find();
        List<String> problems = new ArrayList<>(libraries.problems());
        List<Seen> gpus = new ArrayList<>();
        if (problems.isEmpty()) {
            for (int index : indices(addresses, libraries.devices())) {
                DeviceReport report = DeviceReport.of(index);
                problems.addAll(report.problems());
                gpus.add(
                        report.problems().isEmpty()
                                ? seen(report, recipe, classes, problems)
                                : new Seen(report, null, 0));
            }
        }
        return new Cuda(
                backend,
                libraries.driver(),
                libraries.libraries().stream()
                        .filter(library -> library.name().equals("cuDNN"))
                        .map(CudaLibraries.Found::version)
                        .findFirst()
                        .orElse(""),
                gpus,
                problems,
                libraries.passedOver());
    }

    private static List<Integer> indices(List<String> addresses, int devices) {
        if (addresses.isEmpty()) {
            return devices == 0 ? List.of() : List.of(0);
        }
        return addresses.stream().map(Integer::parseInt).toList();
    }

    private static Seen seen(DeviceReport report, Optional<Recipe> recipe, int classes, List<String> problems) {
        try {
            long needed = recipe.isPresent() ? needed(report.index(), recipe.get(), classes) : 0;
            return new Seen(report, RATES.computeIfAbsent(report.index(), DeviceReport::rates), needed);
        } catch (CudaUnavailableException | CudaException refused) {
            problems.add(refused.getMessage());
            return new Seen(report, null, 0);
        }
    }

    private static long needed(int gpu, Recipe recipe, int classes) {
        Placement placement = new Placement(recipe.compute(), gpu, "");
        Precision precision = placement.precision();
        DeviceMemoryEstimate.Work work = new DeviceMemoryEstimate.Work(
                recipe.architecture(),
                Shape.square(3, recipe.data().evaluation().side()),
                classes,
                recipe.batch(),
                recipe.minibatches(),
                Minibatch.VIEWS);
        return DeviceMemoryEstimate.of(placement.device(), work, precision).total();
    }
}
