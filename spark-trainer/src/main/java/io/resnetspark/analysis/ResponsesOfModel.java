package io.resnetspark.analysis;

import io.resnetspark.model.analysis.LayerResponse;
import java.util.Comparator;
import java.util.List;

/**
 * Layer responses of a model.
 *
 * @param model as it was named
 * @param network its name in the catalogue
 * @param layers its 3x3 convolutions, in order
 * @param ranked their standard deviations, the largest first
 */
public record ResponsesOfModel(String model, String network, List<LayerResponse> layers, List<Double> ranked) {
    static ResponsesOfModel of(AnalyzedModel model, List<LayerResponse> layers) {
        return new ResponsesOfModel(
                model.name(),
                model.description().network(),
                layers,
                layers.stream()
                        .map(LayerResponse::standardDeviation)
                        .sorted(Comparator.reverseOrder())
                        .toList());
    }
}
