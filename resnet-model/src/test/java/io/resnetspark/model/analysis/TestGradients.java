package io.resnetspark.model.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.ActivationOrder;
import io.resnetspark.model.Block;
import io.resnetspark.model.Network;
import io.resnetspark.model.Shortcut;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.VggNetwork;
import io.resnetspark.model.analysis.GradientNorms.ByOutput;
import io.resnetspark.model.analysis.GradientNorms.ByWeights;
import io.resnetspark.model.analysis.PathGradients.OfLength;
import io.resnetspark.model.graph.LayerwisePass;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.kernel.Kernels.Choice;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class TestGradients {
    static Stream<Network> normalizedNetworks() {
        return SmallNetworks.all().filter(network -> !(network instanceof VggNetwork));
    }

    /** Which other tests compare with numerical differences. */
    @ParameterizedTest
    @MethodSource("normalizedNetworks")
    void gradientsAreThoseOfATrainingStep(Network network) {
        NetworkGraph graph = Samples.graph(network);
        ImageBatch batch = Samples.batch(network, 5, 1);
        graph.setInputs(batch.images());
        graph.setLabels(batch.targets(SmallNetworks.CLASSES));
        graph.computeGradientAndScore();
        Map<String, INDArray> expected = graph.gradient().gradientForVariable();
        expected.replaceAll((name, values) -> values.dup());
        float[] parameters = graph.copyParameters();
        GradientNorms norms = new GradientNorms(graph, Samples.structure(network));
        norms.add(batch);
        norms.add(batch);
        assertThat(norms.byWeights()).isNotEmpty().allSatisfy(one -> {
            double norm = expected.get(one.layer() + "_W").norm2Number().doubleValue() / batch.count();
            assertThat(one.gradientNorm()).as(one.layer()).isCloseTo(norm, within(1e-4 * norm));
            assertThat(one.weightNorm())
                    .isCloseTo(graph.getParam(one.layer() + "_W").norm2Number().doubleValue(), within(1e-3));
        });
        assertThat(norms.byOutputs()).isNotEmpty().allMatch(one -> one.gradientNorm() > 0);
        assertThat(graph.copyParameters()).isEqualTo(parameters);
    }

    /** Of a network with dropout, which analyses leave out: along its own gradient the loss rises by the norm. */
    @Test
    void theLossOfAVggNetworkRisesByTheNorm() {
        Network network = Samples.vgg(1, 2);
        NetworkGraph graph = Samples.graph(network);
        ImageBatch batch = Samples.batch(network, 4, 1);
        GradientNorms norms = new GradientNorms(graph, Samples.structure(network));
        norms.add(batch);
        assertThat(norms.byOutputs())
                .extracting(ByOutput::layer)
                .containsExactly("features.0", "features.3", "features.5");
        // In double, so that a step can be too small for a ReLU to change its sign.
        NetworkGraph precise = NetworkGraphBuilder.of(network, SmallNetworks.input(network), SmallNetworks.CLASSES)
                .kernels(Choice.OPS)
                .type(DataType.DOUBLE)
                .build();
        precise.setParams(graph.params().castTo(DataType.DOUBLE));
        LayerwisePass pass = new LayerwisePass(graph);
        pass.forward(batch.images());
        pass.backward(
                batch.targets(SmallNetworks.CLASSES), "", LayerwisePass.Route.EVERYWHERE, new LayerwisePass.Observer() {
                    @Override
                    public void parameters(String layer, Map<String, INDArray> gradients) {
                        if (!gradients.containsKey("W")) { // pooling
                            return;
                        }
                        INDArray direction = gradients.get("W").dup();
                        direction.divi(direction.norm2Number());
                        ByWeights norm = norms.byWeights().stream()
                                .filter(one -> one.layer().equals(layer))
                                .findFirst()
                                .orElseThrow();
                        double step = 1e-6;
                        INDArray weights = precise.getParam(layer + "_W");
                        INDArray before = weights.dup();
                        INDArray change = direction.castTo(DataType.DOUBLE).muli(step);
                        weights.addi(change);
                        double above = loss(precise, batch);
                        weights.assign(before).subi(change);
                        double below = loss(precise, batch);
                        weights.assign(before);
                        assertThat((above - below) / (2 * step))
                                .as(layer)
                                .isCloseTo(norm.gradientNorm(), within(1e-3 * norm.gradientNorm() + 1e-7));
                    }
                });
    }

    private static double loss(NetworkGraph graph, ImageBatch batch) {
        INDArray rows = graph.outputSingle(batch.images().castTo(DataType.DOUBLE));
        double sum = 0;
        for (int i = 0; i < batch.count(); i++) {
            sum -= Math.log(rows.getDouble(i, batch.labels()[i]));
        }
        return sum / batch.count();
    }

    static Stream<Network> residualNetworks() {
        return Stream.of(
                Samples.residual(Block.BASIC, ActivationOrder.POST_ACTIVATION, Shortcut.PADDED, 1, 2),
                Samples.residual(Block.BASIC, ActivationOrder.PRE_ACTIVATION, Shortcut.PADDED, 2, 1),
                Samples.residual(Block.BOTTLENECK, ActivationOrder.POST_ACTIVATION, Shortcut.ALL_PROJECTED, 1, 1),
                Samples.residual(Block.BOTTLENECK, ActivationOrder.PRE_ACTIVATION, Shortcut.PROJECTED, 1, 2));
    }

    /** The backward pass is linear, and each block's is the sum of its branch's and its shortcut's. */
    @ParameterizedTest
    @MethodSource("residualNetworks")
    void thePathsAddUpToTheGradient(Network network) {
        NetworkGraph graph = Samples.graph(network);
        NetworkStructure structure = Samples.structure(network);
        ImageBatch batch = Samples.batch(network, 5, 1);
        PathGradients paths = new PathGradients(graph, structure, batch, 10, 1);
        List<String> blocks =
                structure.blocks().stream().map(NetworkStructure.Block::name).toList();
        INDArray[] sum = new INDArray[1];
        for (int set = 0; set < 1 << blocks.size(); set++) {
            Set<String> residual = new HashSet<>();
            for (int b = 0; b < blocks.size(); b++) {
                if ((set >> b & 1) == 1) {
                    residual.add(blocks.get(b));
                }
            }
            paths.gradient(residual, one -> sum[0] = sum[0] == null ? one.dup() : sum[0].add(one));
        }
        INDArray[] whole = new INDArray[1];
        String first = structure.blocks().get(0).input();
        LayerwisePass pass = new LayerwisePass(graph);
        pass.forward(batch.images());
        pass.backward(
                batch.targets(SmallNetworks.CLASSES),
                first,
                LayerwisePass.Route.EVERYWHERE,
                new LayerwisePass.Observer() {
                    @Override
                    public void output(String layer, INDArray gradient) {
                        whole[0] = layer.equals(first) ? gradient.dup() : whole[0];
                    }
                });
        double norm = whole[0].norm2Number().doubleValue();
        assertThat(norm).isPositive();
        assertThat(sum[0].sub(whole[0]).norm2Number().doubleValue()).isLessThan(1e-4 * norm);
    }

    @Test
    void pathsOfEachLengthAreCountedAndSampled() {
        Network network = Samples.residual(Block.BASIC, ActivationOrder.POST_ACTIVATION, Shortcut.PADDED, 2, 2);
        NetworkGraph graph = Samples.graph(network);
        ImageBatch batch = Samples.batch(network, 3, 1);
        PathGradients paths = new PathGradients(graph, Samples.structure(network), batch, 5, 1);
        List<OfLength> all = paths.lengths().stream().map(paths::measure).toList();
        assertThat(all).extracting(OfLength::paths).containsExactly(1.0, 4.0, 6.0, 4.0, 1.0);
        assertThat(all).extracting(OfLength::draws).containsExactly(1, 4, 5, 4, 1);
        assertThat(all)
                .allSatisfy(one -> assertThat(one.total()).isCloseTo(one.gradientNorm() * one.paths(), within(1e-9)));
        assertThat(paths.measure(2)).isEqualTo(all.get(2));
        assertThat(PathGradients.paths(54, 27)).isCloseTo(1_946_939_425_648_112.0, within(1e3));
    }

    @Test
    void aPlainNetworkHasOnePath() {
        Network network = Samples.residual(Block.BASIC, ActivationOrder.POST_ACTIVATION, Shortcut.NONE, 1, 1);
        assertThatThrownBy(() -> new PathGradients(
                        Samples.graph(network), Samples.structure(network), Samples.batch(network, 2, 1), 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one path");
    }
}
