package io.resnetspark.model;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The catalogue: networks of "Deep Residual Learning for Image Recognition" (He, Zhang, Ren, Sun 2015), a line each.
 *
 * <p>Parameters and multiply-adds follow from these lines ({@link Census}) and are held to the published numbers by
 * {@code TestCensus}.
 */
public final class Networks {
    private static final List<Network> ALL = Stream.of(
                    imagenet("resnet18", Block.BASIC, 2, 2, 2, 2),
                    imagenet("resnet34", Block.BASIC, 3, 4, 6, 3),
                    imagenet("resnet50", Block.BOTTLENECK, 3, 4, 6, 3),
                    imagenet("resnet101", Block.BOTTLENECK, 3, 4, 23, 3),
                    imagenet("resnet152", Block.BOTTLENECK, 3, 8, 36, 3),
                    imagenet("resnet50-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 4, 6, 3),
                    imagenet("resnet101-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 4, 23, 3),
                    imagenet("resnet152-v1.5", Block.BOTTLENECK_STRIDE_ON_3X3, 3, 8, 36, 3),
                    cifar("resnet20", 3),
                    cifar("resnet32", 5),
                    cifar("resnet44", 7),
                    cifar("resnet56", 9),
                    cifar("resnet110", 18),
                    cifar("resnet1202", 200))
            .toList();

    private Networks() {}

    public static List<Network> all() {
        return ALL;
    }

    /**
     * The network of this name.
     *
     * @throws IllegalArgumentException naming the nearest one, if there is none
     */
    public static Network named(String name) {
        return ALL.stream()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no network '" + name + "'. Did you mean '"
                        + nearest(name) + "'? 'resnet networks' lists them all."));
    }

    static String nearest(String name) {
        return ALL.stream()
                .map(Network::name)
                .min(Comparator.comparingInt(candidate -> editDistance(name.toLowerCase(Locale.ROOT), candidate)))
                .orElseThrow();
    }

    private static Network imagenet(String name, Block block, Integer... depths) {
        return new Network(name, Stem.IMAGENET, block, Shortcut.PROJECTED, List.of(depths), 1000);
    }

    private static Network cifar(String name, int depth) {
        return new Network(name, Stem.CIFAR, Block.BASIC, Shortcut.PADDED, List.of(depth, depth, depth), 10);
    }

    /** Levenshtein's distance. */
    private static int editDistance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
