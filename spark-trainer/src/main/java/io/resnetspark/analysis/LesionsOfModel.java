package io.resnetspark.analysis;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * How a model fares without some of its parts.
 *
 * @param model as it was named
 * @param network its name in the catalogue
 * @param unit block, or layer in networks without shortcuts
 * @param error of the whole network: share of the sample whose most probable class is wrong, 0 to 1
 * @param parts each removed alone, in order
 * @param random several removed at once
 */
public record LesionsOfModel(
        String model, String network, String unit, double error, List<Removed> parts, List<RandomlyRemoved> random) {
    /**
     * One part.
     *
     * @param name of the block or layer
     * @param changesShape whether its input and output differ in channels or resolution
     * @param error without it; null if it cannot be removed
     * @param obstacle why it cannot be removed; null if it can
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Removed(String name, boolean changesShape, Double error, String obstacle) {}

    /**
     * Several parts at random.
     *
     * @param removedParts how many
     * @param errors of each draw, 0 to 1
     */
    public record RandomlyRemoved(int removedParts, List<Double> errors) {}
}
