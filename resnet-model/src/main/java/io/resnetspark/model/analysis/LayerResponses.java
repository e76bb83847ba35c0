package io.resnetspark.model.analysis;

import io.resnetspark.model.analysis.NetworkStructure.Kind;
import io.resnetspark.model.analysis.NetworkStructure.Layer;
import io.resnetspark.model.graph.LayerwisePass;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The standard deviations of layer responses (He et al. 2015, section 4.2 and figure 7): the outputs of each 3x3
 * convolution after batch normalisation, with the statistics of evaluation, and before the non-linearity or addition.
 *
 * <p>In pre-activation networks no batch normalisation follows the last convolution of a block; its own outputs count.
 */
public final class LayerResponses {
    /** Of batch normalisation: y = gamma (x - mean) / sqrt(variance + EPS) + beta. */
    private static final double EPS = 1e-5;

    private final NetworkGraph graph;
    private final Map<String, Measured> layers = new LinkedHashMap<>();

    /** @param normalization empty where none follows */
    private record Measured(Layer layer, String normalization, ResponseMoments moments) {}

    /** @throws IllegalArgumentException if the network has no batch normalisation */
    public LayerResponses(NetworkGraph graph, NetworkStructure structure) {
        requireMeasurable(structure);
        this.graph = graph;
        for (Layer layer : structure.convolutions3x3()) {
            String normalization =
                    structure.normalizationAfter(layer).map(Layer::name).orElse("");
            double[] origins =
                    normalization.isEmpty() ? new double[layer.shape().channels()] : parameter(normalization, "mean");
            layers.put(layer.name(), new Measured(layer, normalization, new ResponseMoments(origins)));
        }
    }

    /** @throws IllegalArgumentException likewise */
    public static void requireMeasurable(NetworkStructure structure) {
        if (!structure.has(Kind.NORMALIZATION)) {
            throw new IllegalArgumentException("it has no batch normalisation, after which responses are measured;"
                    + " wanted: a residual or a plain network");
        }
    }

    public void add(ImageBatch batch) {
        LayerwisePass.infer(
                graph,
                batch.images(),
                layers.keySet(),
                (layer, outputs) -> layers.get(layer).moments.add(NativeFloats.copy(outputs), batch.count()));
    }

    /** Of all images so far, by layer in order. */
    public List<LayerResponse> responses() {
        List<LayerResponse> responses = new ArrayList<>();
        for (Measured one : layers.values()) {
            int channels = one.layer.shape().channels();
            boolean normalized = !one.normalization.isEmpty();
            double[] scale = new double[channels];
            double[] shift = new double[channels];
            if (normalized) {
                double[] gamma = parameter(one.normalization, "gamma");
                double[] variance = parameter(one.normalization, "var");
                Arrays.setAll(scale, c -> gamma[c] / Math.sqrt(variance[c] + EPS));
                shift = parameter(one.normalization, "beta");
            } else {
                Arrays.fill(scale, 1);
            }
            responses.add(new LayerResponse(
                    one.layer.name(), channels, one.moments.standardDeviation(scale, shift), normalized));
        }
        return responses;
    }

    private double[] parameter(String layer, String name) {
        return graph.getParam(layer + "_" + name).dup('c').data().asDouble();
    }
}
