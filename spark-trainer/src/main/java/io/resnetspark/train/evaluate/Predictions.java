package io.resnetspark.train.evaluate;

import java.util.List;

/**
 * How good a model is on a split, image by image, in the order of the dataset's shards.
 *
 * @param labels the right classes, as the dataset numbers them
 * @param predicted the most probable classes, likewise; {@link ClassMapping#UNKNOWN} for one that the dataset has not,
 *     and for an image whose probabilities are NaN
 * @param confidences the probabilities of these, 0 to 1
 * @param scores of every image, if they were asked for; else empty
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Predictions(
        EvaluationResult result, int[] labels, int[] predicted, float[] confidences, List<ImageScore> scores) {
    /** Whether an image's most probable class is the right one. */
    public boolean isRight(int image) {
        return labels[image] == predicted[image];
    }
}
