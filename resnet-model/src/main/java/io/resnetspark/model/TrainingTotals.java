package io.resnetspark.model;

/**
 * What a network counts while it trains, since it was last asked.
 *
 * @param loss sum of the images' cross-entropies, in training mode
 * @param errors images whose most probable class was another than the one with the largest target
 */
public record TrainingTotals(double loss, long errors) {}
