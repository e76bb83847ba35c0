package io.resnetspark.train.evaluate;

/**
 * How good a model is on a split, image by image, in the order of the dataset's shards.
 *
 * @param labels the right classes
 * @param right whether the most probable class is the right one
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Predictions(EvaluationResult result, int[] labels, boolean[] right) {}
