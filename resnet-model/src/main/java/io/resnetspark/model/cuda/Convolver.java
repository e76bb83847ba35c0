package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs convolutions with the fastest algorithm that the libraries have for each, found out once for a kind of GPU. */
final class Convolver {
    /** How one convolution is computed. */
    record Use(ConvolutionShape shape, Direction direction) {}

    /** @param algorithm of cuDNN; null where it is a product that cuBLAS computes */
    record Choice(Cudnn.Algorithm algorithm) {
        private static final Pattern ALGORITHM = Pattern.compile("(\\d{1,9}) (\\d{1,9}) (true|false) (\\d{1,18})");

        boolean isProduct() {
            return algorithm == null;
        }

        long workspace() {
            return isProduct() ? 0 : algorithm.workspace();
        }

        byte[] bytes() {
            String text = isProduct()
                    ? "product"
                    : algorithm.number() + " " + algorithm.mathType() + " " + algorithm.deterministic() + " "
                            + algorithm.workspace();
            return text.getBytes(StandardCharsets.UTF_8);
        }

        /** Of {@link #bytes}; empty if they are none. */
        static Optional<Choice> parse(byte[] bytes) {
            String text = new String(bytes, StandardCharsets.UTF_8);
            if (text.equals("product")) {
                return Optional.of(new Choice(null));
            }
            Matcher words = ALGORITHM.matcher(text);
            return words.matches()
                    ? Optional.of(new Choice(new Cudnn.Algorithm(
                            Integer.parseInt(words.group(1)),
                            Integer.parseInt(words.group(2)),
                            Boolean.parseBoolean(words.group(3)),
                            Long.parseLong(words.group(4)))))
                    : Optional.empty();
        }
    }

    /** Of all processes' networks, by GPU, number format and determinism. */
    private static final Map<String, Map<Use, Choice>> KNOWN = new ConcurrentHashMap<>();

    private final Device device;
    private final Precision precision;
    private final boolean deterministic;
    private final Map<Use, Choice> choices;
    private final Map<Use, Cudnn.Convolution> descriptors = new HashMap<>();

    Convolver(Device device, Precision precision, boolean deterministic) {
        this.device = device;
        this.precision = precision;
        this.deterministic = deterministic;
        choices = KNOWN.computeIfAbsent(
                device.name() + "/" + precision + "/" + deterministic, key -> new ConcurrentHashMap<>());
    }

    /** Finds an algorithm for each that has none yet; what a process found serves the later ones, which so round alike. */
    void choose(Lane lane, Module kernels, List<Use> uses) {
        List<Use> unknown = uses.stream()
                .distinct()
                .filter(use -> !choices.containsKey(use))
                .toList();
        List<Use> unseen = new ArrayList<>();
        for (Use use : unknown) {
            DiskCache.find(key(use))
                    .flatMap(Choice::parse)
                    .ifPresentOrElse(choice -> choices.put(use, choice), () -> unseen.add(use));
        }
        if (!unseen.isEmpty()) {
            try (AlgorithmSearch search = new AlgorithmSearch(lane, kernels, precision, deterministic, unseen)) {
                for (Use use : unseen) {
                    Choice best = search.best(use, descriptor(use));
                    DiskCache.put(key(use), best.bytes());
                    choices.put(use, best);
                }
            }
        }
        uses.forEach(use -> {
            Choice choice = choices.get(use);
            if (!choice.isProduct()) {
                descriptor(use).use(use.direction(), choice.algorithm());
            }
        });
    }

    private List<String> key(Use use) {
        return List.of(
                "algorithm",
                device.name(),
                String.valueOf(Cudnn.version()),
                precision.toString(),
                String.valueOf(deterministic),
                use.toString());
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

    Device device() {
        return device;
    }
}
