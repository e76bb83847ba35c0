package io.resnetspark.model.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.VggNetwork;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

class TestExplanation {
    static Stream<Network> pooled() {
        return SmallNetworks.all().filter(network -> !(network instanceof VggNetwork));
    }

    /** So the maps of all classes tell the probabilities. */
    @ParameterizedTest
    @MethodSource("pooled")
    void theMeanOfAMapPlusTheBiasIsTheLogit(Network network) {
        NetworkGraph graph = Samples.graph(network);
        NetworkStructure structure = Samples.structure(network);
        graph.getParam("fc_b").assign(org.nd4j.linalg.factory.Nd4j.createFromArray(0.1f, -0.2f, 0.3f, 0, 0.5f));
        ImageBatch batch = Samples.batch(network, 1, 7);
        Explanation found = Explanation.of(graph, structure, batch.planes(), batch.side());
        assertThat(found.exact()).isTrue();

        String last =
                structure.last(NetworkStructure.Kind.GLOBAL_AVERAGE).inputs().get(0);
        INDArray features = graph.output(List.of(last), false, new INDArray[] {batch.images()}, null)[0];
        double[] exponentials = new double[SmallNetworks.CLASSES];
        for (int c = 0; c < exponentials.length; c++) {
            double[] weights =
                    graph.getParam("fc_W").getColumn(c).dup('c').data().asDouble();
            ActivationMap map = ActivationMap.of(
                    NativeFloats.copy(features), (int) features.size(2), (int) features.size(3), weights);
            if (c == found.label()) {
                assertThat(found.map().values()).containsExactly(map.values());
            }
            double mean = 0;
            for (float value : map.values()) {
                mean += value / (double) map.values().length;
            }
            exponentials[c] = Math.exp(mean + graph.getParam("fc_b").getDouble(c));
        }
        double sum = Arrays.stream(exponentials).sum();
        for (int c = 0; c < exponentials.length; c++) {
            assertThat(found.probabilities()[c]).isCloseTo((float) (exponentials[c] / sum), within(1e-4f));
            assertThat(found.probabilities()[found.label()]).isGreaterThanOrEqualTo(found.probabilities()[c]);
        }
    }

    /**
     * Where all features are positive, a channel's bias moves them all, so that its weight is the logit's derivative by
     * the bias, divided by the number of positions. Of all logits but one, only the probability tells; so that one is
     * zero.
     */
    @Test
    void gradCamWeighsChannelsByTheMeanOfTheirGradients() {
        Network network = Samples.vgg(1, 2);
        NetworkGraph graph = Samples.graph(network);
        graph.getParam("features.5_b").assign(20);
        graph.getParam("features.5_W").muli(0.1);
        ImageBatch batch = Samples.batch(network, 1, 7);
        Explanation found = Explanation.of(graph, Samples.structure(network), batch.planes(), batch.side());
        assertThat(found.exact()).isFalse();
        int zero = (found.label() + 1) % SmallNetworks.CLASSES;
        graph.getParam("classifier.6_W").getColumn(zero).assign(0);
        graph.getParam("classifier.6_b").putScalar(zero, 0);

        INDArray features = graph.output(List.of("features.5"), false, new INDArray[] {batch.images()}, null)[0];
        assertThat(features.minNumber().doubleValue()).isPositive();
        int positions = (int) (features.size(2) * features.size(3));
        double[] weights = new double[(int) features.size(1)];
        INDArray bias = graph.getParam("features.5_b");
        for (int c = 0; c < weights.length; c++) {
            double step = 0.05;
            bias.putScalar(c, 20 + step);
            double above = logit(graph, batch, found.label(), zero);
            bias.putScalar(c, 20 - step);
            double below = logit(graph, batch, found.label(), zero);
            bias.putScalar(c, 20);
            weights[c] = (above - below) / (2 * step) / positions;
        }
        ActivationMap expected =
                ActivationMap.of(NativeFloats.copy(features), (int) features.size(2), (int) features.size(3), weights);
        float largest = 0;
        for (float value : expected.values()) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int p = 0; p < positions; p++) {
            assertThat(found.map().values()[p]).isCloseTo(Math.max(0, expected.values()[p]), within(0.02f * largest));
        }
    }

    private static double logit(NetworkGraph graph, ImageBatch batch, int label, int zero) {
        INDArray rows = graph.outputSingle(batch.images());
        return Math.log(rows.getDouble(0, label)) - Math.log(rows.getDouble(0, zero));
    }

    @Test
    void mapsAreEnlargedAboutTheirCentres() {
        ActivationMap map = new ActivationMap(1, 2, new float[] {0, 4});
        assertThat(map.resized(2, 4).values()).containsExactly(0, 1, 3, 4, 0, 1, 3, 4);
        assertThat(map.resized(1, 2).values()).containsExactly(0, 4);
    }

    @Test
    void heatIsAShareOfTheLargestValue() {
        assertThat(new ActivationMap(1, 3, new float[] {-2, 1, 4}).heat().values())
                .containsExactly(0, 0.25f, 1);
        assertThat(new ActivationMap(1, 2, new float[] {-2, -1}).heat().values())
                .containsExactly(0, 0);
    }
}
