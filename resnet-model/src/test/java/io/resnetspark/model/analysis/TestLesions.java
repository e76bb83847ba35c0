package io.resnetspark.model.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.ActivationOrder;
import io.resnetspark.model.Block;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shortcut;
import io.resnetspark.model.analysis.Lesions.Part;
import io.resnetspark.model.graph.LayerwisePass;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

class TestLesions {
    private static final ActivationOrder POST = ActivationOrder.POST_ACTIVATION;
    private static final ActivationOrder PRE = ActivationOrder.PRE_ACTIVATION;

    /** A network, one that lacks the parts, and the parts. */
    static Stream<Arguments> pairs() {
        return Stream.of(
                pair(Block.BASIC, POST, Shortcut.PADDED, "layer2.1"),
                pair(Block.BASIC, PRE, Shortcut.PADDED, "layer2.1"),
                pair(Block.BOTTLENECK, POST, Shortcut.PROJECTED, "layer2.1"),
                pair(Block.BOTTLENECK, PRE, Shortcut.PROJECTED, "layer2.1"),
                pair(Block.BASIC, POST, Shortcut.NONE, "layer2.1.conv1", "layer2.1.conv2"),
                Arguments.of(Samples.vgg(1, 2), Samples.vgg(1, 1), List.of("features.5")));
    }

    private static Arguments pair(Block block, ActivationOrder order, Shortcut shortcut, String... removed) {
        return Arguments.of(
                Samples.residual(block, order, shortcut, 1, 2),
                Samples.residual(block, order, shortcut, 1, 1),
                List.of(removed));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aNetworkWithoutAPartIsTheSmallerNetwork(Network network, Network smaller, List<String> removed) {
        NetworkGraph graph = Samples.graph(network);
        NetworkGraph other = Samples.graph(smaller);
        other.paramTable().forEach((name, values) -> values.assign(graph.getParam(name)));
        INDArray images = Samples.batch(network, 4, 3).images();
        float[] whole = graph.copyParameters();
        INDArray before = graph.outputSingle(images).dup();
        INDArray without = new Lesions(graph, Samples.structure(network))
                .without(removed, () -> graph.outputSingle(images).dup());
        assertThat(without.equalsWithEps(other.outputSingle(images), 1e-5)).isTrue();
        assertThat(without.equalsWithEps(before, 1e-3)).isFalse();
        assertThat(graph.copyParameters()).isEqualTo(whole);
    }

    /** A block that changes the shape leaves its shortcut: the last layer of its branch is multiplied by zero. */
    @ParameterizedTest
    @MethodSource("changing")
    void aBlockThatChangesTheShapeLeavesItsShortcut(Network network) {
        NetworkGraph graph = Samples.graph(network);
        NetworkStructure structure = Samples.structure(network);
        INDArray images = Samples.batch(network, 2, 3).images();
        NetworkStructure.Block block = structure.blocks().get(1);
        Map<String, INDArray> outputs = new HashMap<>();
        new Lesions(graph, structure).without(List.of(block.name()), () -> {
            LayerwisePass.infer(graph, images, Set.of(block.name(), block.shortcut()), outputs::put);
            return outputs;
        });
        INDArray shortcut = outputs.get(block.shortcut()).dup();
        if (block.residual().contains("bn")) { // of post-activation
            Transforms.relu(shortcut, false);
        }
        assertThat(outputs.get(block.name()).equalsWithEps(shortcut, 1e-6)).isTrue();
    }

    static Stream<Network> changing() {
        return Stream.of(
                Samples.residual(Block.BASIC, POST, Shortcut.PADDED, 1, 1),
                Samples.residual(Block.BASIC, POST, Shortcut.ALL_PROJECTED, 1, 1),
                Samples.residual(Block.BASIC, PRE, Shortcut.PADDED, 1, 1),
                Samples.residual(Block.BOTTLENECK_STRIDE_ON_3X3, PRE, Shortcut.PROJECTED, 1, 1));
    }

    @Test
    void errorsAreCountedAsInEvaluation() {
        Network network = Samples.residual(Block.BASIC, POST, Shortcut.PADDED, 1, 1);
        NetworkGraph graph = Samples.graph(network);
        ImageBatch batch = Samples.batch(network, 20, 4);
        INDArray rows = graph.outputSingle(batch.images());
        int wrong = 0;
        for (int i = 0; i < batch.count(); i++) {
            wrong += rows.getRow(i).argMax().getInt(0) == batch.labels()[i] ? 0 : 1;
        }
        Lesions lesions = new Lesions(graph, Samples.structure(network));
        assertThat(lesions.errorsWithout(List.of(), List.of(batch))).isEqualTo(wrong);
        graph.getParam("fc_b").assign(Double.NaN);
        assertThat(lesions.errorsWithout(List.of(), List.of(batch, batch))).isEqualTo(40);
        graph.getParam("fc_b").assign(0);
        graph.getParam("fc_W").assign(0);
        int first =
                (int) Arrays.stream(batch.labels()).filter(label -> label == 0).count();
        assertThat(lesions.errorsWithout(List.of(), List.of(batch))).isEqualTo(20 - first);
    }

    @Test
    void everyBlockCanBeRemoved() {
        List<Part> parts = parts("resnet20");
        assertThat(parts).hasSize(9).allMatch(Part::isRemovable);
        assertThat(parts).filteredOn(Part::changesShape).extracting(Part::name).containsExactly("layer2.0", "layer3.0");
        assertThat(parts("preact-resnet50")).hasSize(16);
    }

    @Test
    void aPlainLayerThatChangesTheShapeCannot() {
        List<Part> parts = parts("plain20");
        assertThat(parts).hasSize(19);
        assertThat(parts)
                .filteredOn(part -> !part.isRemovable())
                .extracting(part -> part.name() + ": " + part.obstacle())
                .containsExactly(
                        "conv1: reads the image",
                        "layer2.0.conv1: changes the number of channels or the resolution",
                        "layer3.0.conv1: changes the number of channels or the resolution");
        assertThat(parts("vgg16")).filteredOn(Part::isRemovable).hasSize(9);
    }

    private static List<Part> parts(String name) {
        Network network = Networks.named(name);
        NetworkStructure structure = NetworkStructure.of(network, network.input(), network.classes());
        return Lesions.parts(structure);
    }
}
