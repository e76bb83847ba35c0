package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Runs convolutions with the fastest that the libraries and our kernels have for each, found out once for a kind of GPU. */
final class Convolver {
    /** How one convolution is computed. */
    record Use(ConvolutionShape shape, Direction direction) {}

    /** What computes a convolution. */
    sealed interface Choice {
        /** One of cuDNN's algorithms. */
        record OfCudnn(Cudnn.Algorithm algorithm) implements Choice {}

        /** cuBLAS: it is a product of matrices. */
        record Product() implements Choice {}

        /** {@link NarrowConvolution}. */
        record Narrow() implements Choice {}
    }

    /** Of this process' networks, by what {@link KnownAlgorithms} depend on. */
    private static final Map<KnownAlgorithms, Map<Use, Choice>> KNOWN = new ConcurrentHashMap<>();

    private final Precision precision;
    private final boolean deterministic;
    private final int multiprocessors;
    private final Supplier<Module> ours;
    private final KnownAlgorithms known;
    private final Map<Use, Choice> choices;
    private final Map<Use, Cudnn.Convolution> descriptors = new HashMap<>();
    private final Map<Use, NarrowConvolution> narrow = new HashMap<>();

    Convolver(Device device, Precision precision, boolean deterministic) {
        this.precision = precision;
        this.deterministic = deterministic;
        multiprocessors = device.multiprocessors();
        ours = () -> KernelSource.CONVOLUTION.load(device, precision);
        known = KnownAlgorithms.of(device, precision, deterministic);
        choices = KNOWN.computeIfAbsent(known, kept -> {
            Map<Use, Choice> read = kept.read(device.freeMemory() / 2);
            read.entrySet()
                    .removeIf(entry -> entry.getValue() instanceof Choice.Narrow
                            && !NarrowConvolution.serves(entry.getKey(), precision));
            return new ConcurrentHashMap<>(read);
        });
    }

    /** Finds an algorithm for each that has none yet. */
    void choose(Lane lane, List<Use> uses) {
        List<Use> unknown = uses.stream()
                .distinct()
                .filter(use -> !choices.containsKey(use))
                .toList();
        if (!unknown.isEmpty()) {
            try (AlgorithmSearch search = new AlgorithmSearch(lane, ours, precision, deterministic, unknown)) {
                unknown.forEach(use -> choices.put(use, search.best(use, descriptor(use))));
            }
            known.add(choices);
        }
        uses.forEach(use -> {
            Choice choice = choices.get(use);
            if (choice instanceof Choice.OfCudnn cudnn) {
                descriptor(use).use(use.direction(), cudnn.algorithm());
            } else if (choice instanceof Choice.Narrow) {
                narrow.computeIfAbsent(use, u -> new NarrowConvolution(u, precision, multiprocessors, ours));
            }
        });
    }

    /** What the algorithms of these convolutions need at most. */
    long workspace(List<Use> uses) {
        return uses.stream().mapToLong(this::workspace).max().orElse(0);
    }

    private long workspace(Use use) {
        Choice choice = choices.get(use);
        if (choice instanceof Choice.OfCudnn cudnn) {
            return cudnn.algorithm().workspace();
        }
        return choice instanceof Choice.Narrow ? narrow.get(use).workspace() : 0;
    }

    private Cudnn.Convolution descriptor(Use use) {
        return descriptors.computeIfAbsent(use, u -> new Cudnn.Convolution(u.shape(), precision));
    }

    void run(Lane lane, Use use, long x, long w, long y) {
        Choice choice = choices.get(use);
        if (choice instanceof Choice.OfCudnn cudnn) {
            lane.cudnn()
                    .run(
                            descriptor(use),
                            use.direction(),
                            cudnn.algorithm(),
                            x,
                            w,
                            y,
                            lane.workspace(),
                            lane.workspaceBytes());
        } else if (choice instanceof Choice.Product) {
            lane.cublas().run(use.shape(), precision, use.direction(), x, w, y);
        } else {
            narrow.get(use).run(lane.stream(), x, w, y, lane.workspace());
        }
    }
}
