package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Runs convolutions with the fastest algorithm that the libraries have for each, found out once for a kind of GPU. */
final class Convolver {
    /** How one convolution is computed. */
    record Use(ConvolutionShape shape, Direction direction) {}

    /** @param algorithm of cuDNN; null where it is a product that cuBLAS computes */
    record Choice(Cudnn.Algorithm algorithm) {
        boolean isProduct() {
            return algorithm == null;
        }

        long workspace() {
            return isProduct() ? 0 : algorithm.workspace();
        }
    }

    /** Of this process' networks, by what {@link KnownAlgorithms} depend on. */
    private static final Map<KnownAlgorithms, Map<Use, Choice>> KNOWN = new ConcurrentHashMap<>();

    private final Precision precision;
    private final boolean deterministic;
    private final KnownAlgorithms known;
    private final Map<Use, Choice> choices;
    private final Map<Use, Cudnn.Convolution> descriptors = new HashMap<>();

    Convolver(Device device, Precision precision, boolean deterministic) {
        this.precision = precision;
        this.deterministic = deterministic;
        known = KnownAlgorithms.of(device, precision, deterministic);
        choices = KNOWN.computeIfAbsent(known, kept -> new ConcurrentHashMap<>(kept.read(device.freeMemory() / 2)));
    }

    /** Finds an algorithm for each that has none yet. */
    void choose(Lane lane, Module kernels, List<Use> uses) {
        List<Use> unknown = uses.stream()
                .distinct()
                .filter(use -> !choices.containsKey(use))
                .toList();
        if (!unknown.isEmpty()) {
            try (AlgorithmSearch search = new AlgorithmSearch(lane, kernels, precision, deterministic, unknown)) {
                unknown.forEach(use -> choices.put(use, search.best(use, descriptor(use))));
            }
            known.add(choices);
        }
        uses.forEach(use -> {
            Choice choice = choices.get(use);
            if (!choice.isProduct()) {
                descriptor(use).use(use.direction(), choice.algorithm());
            }
        });
    }

    /** What the algorithms of these convolutions need at most. */
    long workspace(List<Use> uses) {
        return uses.stream()
                .mapToLong(use -> choices.get(use).workspace())
                .max()
                .orElse(0);
    }

    private Cudnn.Convolution descriptor(Use use) {
        return descriptors.computeIfAbsent(use, u -> new Cudnn.Convolution(u.shape(), precision));
    }

    void run(Lane lane, Use use, long x, long w, long y) {
        Choice choice = choices.get(use);
        if (choice.isProduct()) {
            lane.cublas().run(use.shape(), precision, use.direction(), x, w, y);
        } else {
            lane.cudnn()
                    .run(
                            descriptor(use),
                            use.direction(),
                            choice.algorithm(),
                            x,
                            w,
                            y,
                            lane.workspace(),
                            lane.workspaceBytes());
        }
    }
}
