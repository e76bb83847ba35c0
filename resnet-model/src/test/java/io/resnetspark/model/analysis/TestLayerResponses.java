package io.resnetspark.model.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.VggNetwork;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

class TestLayerResponses {
    static Stream<Network> networks() {
        return SmallNetworks.all().filter(network -> !(network instanceof VggNetwork));
    }

    /** Every value of every response is written down, then their standard deviation is taken. */
    @ParameterizedTest
    @MethodSource("networks")
    void standardDeviationsAreThoseOfAllValues(Network network) {
        NetworkGraph graph = Samples.graph(network);
        NetworkStructure structure = Samples.structure(network);
        LayerResponses responses = new LayerResponses(graph, structure);
        List<ImageBatch> batches = List.of(Samples.batch(network, 3, 1), Samples.batch(network, 2, 2));
        batches.forEach(responses::add);
        List<LayerResponse> found = responses.responses();
        assertThat(found)
                .extracting(LayerResponse::layer)
                .containsExactlyElementsOf(structure.convolutions3x3().stream()
                        .map(NetworkStructure.Layer::name)
                        .toList());
        for (LayerResponse one : found) {
            double expected = standardDeviation(values(graph, one, batches));
            assertThat(one.standardDeviation()).as(one.layer()).isCloseTo(expected, within(1e-6 * expected));
        }
    }

    private static List<Double> values(NetworkGraph graph, LayerResponse response, List<ImageBatch> batches) {
        String norm = response.layer().replaceFirst("conv", "bn");
        if (network(graph, norm)) { // of pre-activation: the next of the block
            int next = Integer.parseInt(norm.substring(norm.length() - 1)) + 1;
            norm = norm.startsWith("layer") ? norm.substring(0, norm.length() - 1) + next : norm;
        }
        List<Double> values = new ArrayList<>();
        for (ImageBatch batch : batches) {
            Map<String, INDArray> activations = graph.feedForward(batch.images(), false);
            INDArray outputs = activations.get(response.layer());
            for (int n = 0; n < outputs.size(0); n++) {
                for (int c = 0; c < outputs.size(1); c++) {
                    for (int y = 0; y < outputs.size(2); y++) {
                        for (int x = 0; x < outputs.size(3); x++) {
                            double value = outputs.getDouble(n, c, y, x);
                            values.add(response.normalized() ? normalized(graph, norm, c, value) : value);
                        }
                    }
                }
            }
        }
        return values;
    }

    /** Whether it is of pre-activation: the first normalisation of a block reads what the block reads. */
    private static boolean network(NetworkGraph graph, String norm) {
        return graph.getVertex("norm") != null && norm.contains(".bn");
    }

    private static double normalized(NetworkGraph graph, String norm, int channel, double value) {
        double gamma = graph.getParam(norm + "_gamma").getDouble(channel);
        double beta = graph.getParam(norm + "_beta").getDouble(channel);
        double mean = graph.getParam(norm + "_mean").getDouble(channel);
        double variance = graph.getParam(norm + "_var").getDouble(channel);
        return gamma * (value - mean) / Math.sqrt(variance + 1e-5) + beta;
    }

    private static double standardDeviation(List<Double> values) {
        double mean = values.stream().mapToDouble(v -> v).average().orElseThrow();
        return Math.sqrt(values.stream()
                .mapToDouble(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow());
    }

    /** A mean far from zero, where the difference of large squares would be lost. */
    @Test
    void aLargeMeanDoesNotHideASmallDeviation() {
        ResponseMoments moments = new ResponseMoments(1e6);
        moments.add(new float[] {999_999, 1_000_001, 999_999, 1_000_001}, 2);
        assertThat(moments.standardDeviation(new double[] {3}, new double[] {7}))
                .isCloseTo(3, within(1e-12));
    }

    @Test
    void theLastConvolutionOfAPreActivationBlockIsNotNormalized() {
        Network network = Networks.named("preact-resnet20");
        NetworkStructure structure = NetworkStructure.of(network, network.input(), 10);
        assertThat(structure.convolutions3x3()).hasSize(19);
        assertThat(structure.convolutions3x3())
                .filteredOn(layer -> structure.normalizationAfter(layer).isEmpty())
                .hasSize(9)
                .allMatch(layer -> layer.name().endsWith("conv2"));
    }

    @Test
    void networksWithoutBatchNormalisationHaveNoSuchResponses() {
        Network vgg = Samples.vgg(1, 2);
        assertThatThrownBy(() -> new LayerResponses(Samples.graph(vgg), Samples.structure(vgg)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("it has no batch normalisation");
    }
}
