package io.resnetspark.model;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.factory.Nd4j;

/** Small networks that are fast to test and together contain everything that the catalogue has. */
public final class SmallNetworks {
    public static final int CLASSES = 5;

    private static final Stem POOLED = new Stem(new KernelGeometry(7, 2), 16, true, 24);
    private static final Stem SMALL = new Stem(new KernelGeometry(3, 1), 16, false, 12);

    /**
     * Small networks that together contain every layer, kernel geometry, shortcut and activation order of the
     * catalogue.
     */
    public static Stream<Network> all() {
        Block strideOn3x3 = Block.BOTTLENECK_STRIDE_ON_3X3;
        return Stream.of(
                residual("basic-padded", SMALL, Block.BASIC, Shortcut.PADDED, 1, 2),
                residual("basic-projected", POOLED, Block.BASIC, Shortcut.PROJECTED, 1, 1),
                residual("basic-all-projected", SMALL, Block.BASIC, Shortcut.ALL_PROJECTED, 1, 1),
                residual("plain", SMALL, Block.BASIC, Shortcut.NONE, 1, 1),
                residual("bottleneck", POOLED, Block.BOTTLENECK, Shortcut.PROJECTED, 1, 1),
                residual("bottleneck-padded", POOLED, Block.BOTTLENECK, Shortcut.PADDED, 1, 1),
                residual("bottleneck-3x3", POOLED, strideOn3x3, Shortcut.PROJECTED, 1, 1),
                preactivated("preact-basic", SMALL, Block.BASIC, Shortcut.PADDED, 1, 2),
                preactivated("preact-bottleneck", POOLED, strideOn3x3, Shortcut.PROJECTED, 2, 1),
                // Channels that do not fill a vector register, so oneDNN uses its plain layout.
                residual("narrow", new Stem(new KernelGeometry(3, 1), 6, false, 8), Block.BASIC, Shortcut.PADDED, 1, 1),
                // Wide enough for Winograd's convolutions.
                residual("wide", new Stem(new KernelGeometry(3, 1), 32, false, 9), Block.BASIC, Shortcut.PADDED, 2),
                new VggNetwork("vgg", List.of(16, 32), List.of(1, 2), 24, CLASSES));
    }

    private static Network residual(String name, Stem stem, Block block, Shortcut shortcut, Integer... depths) {
        return new ResidualNetwork(
                name, stem, block, ActivationOrder.POST_ACTIVATION, shortcut, List.of(depths), CLASSES);
    }

    private static Network preactivated(String name, Stem stem, Block block, Shortcut shortcut, Integer... depths) {
        return new ResidualNetwork(
                name, stem, block, ActivationOrder.PRE_ACTIVATION, shortcut, List.of(depths), CLASSES);
    }

    public static Shape input(Network network) {
        return network instanceof VggNetwork ? Shape.square(3, 10) : network.input();
    }

    private SmallNetworks() {}

    /** Moves weights, gammas and betas away from their special initial values. */
    public static void randomize(ComputationGraph graph, long seed) {
        Nd4j.getRandom().setSeed(seed);
        graph.paramTable().forEach((name, values) -> {
            if (name.endsWith("gamma") || name.endsWith("var")) {
                values.assign(Nd4j.rand(values.dataType(), values.shape()).addi(0.5));
            } else if (name.endsWith("beta") || name.endsWith("mean")) {
                values.assign(Nd4j.rand(values.dataType(), values.shape()).subi(0.5));
            } else if (name.equals("classifier.6_W")) {
                values.muli(0.05); // without batch normalisation, logits get so large that DL4J clips the loss
            }
        });
    }
}
