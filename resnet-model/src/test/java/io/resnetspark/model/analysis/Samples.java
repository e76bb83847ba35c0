package io.resnetspark.model.analysis;

import io.resnetspark.model.ActivationOrder;
import io.resnetspark.model.Block;
import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.ResidualNetwork;
import io.resnetspark.model.Shortcut;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.Stem;
import io.resnetspark.model.VggNetwork;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import java.util.List;
import java.util.Random;

/** Small networks with random weights, and random images for them. */
final class Samples {
    private static final Stem STEM = new Stem(new KernelGeometry(3, 1), 16, false, 12);

    private Samples() {}

    static Network residual(Block block, ActivationOrder order, Shortcut shortcut, Integer... depths) {
        return new ResidualNetwork("small", STEM, block, order, shortcut, List.of(depths), SmallNetworks.CLASSES);
    }

    static Network vgg(Integer... depths) {
        return new VggNetwork("vgg", List.of(16, 32), List.of(depths), 24, SmallNetworks.CLASSES);
    }

    static NetworkGraph graph(Network network) {
        NetworkGraph graph = NetworkGraphBuilder.of(network, SmallNetworks.input(network), SmallNetworks.CLASSES)
                .seed(5)
                .build();
        SmallNetworks.randomize(graph, 6);
        return graph;
    }

    static NetworkStructure structure(Network network) {
        return NetworkStructure.of(network, SmallNetworks.input(network), SmallNetworks.CLASSES);
    }

    static ImageBatch batch(Network network, int images, long seed) {
        int side = SmallNetworks.input(network).height();
        Random random = new Random(seed);
        float[] planes = new float[images * 3 * side * side];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = (float) random.nextGaussian();
        }
        int[] labels = new int[images];
        for (int i = 0; i < images; i++) {
            labels[i] = i % SmallNetworks.CLASSES;
        }
        return new ImageBatch(planes, labels, side);
    }
}
