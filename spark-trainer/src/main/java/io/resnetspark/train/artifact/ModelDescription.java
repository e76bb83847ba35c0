package io.resnetspark.train.artifact;

import io.resnetspark.train.evaluate.EvaluationResult;
import java.util.List;
import java.util.Objects;

/**
 * model.json of an artifact: all that is needed to use the weights, and where they come from.
 *
 * @param format version of this file's form
 * @param evaluation how pictures are seen: shorter side and crop in pixels, and what is subtracted
 * @param result of the evaluation at the end of training; null if there was nothing to evaluate on
 */
public record ModelDescription(
        int format,
        String network,
        List<String> classes,
        Evaluation evaluation,
        EvaluationResult result,
        Provenance provenance) {
    public static final int FORMAT = 1;

    public ModelDescription {
        Objects.requireNonNull(network, "network");
        Objects.requireNonNull(classes, "classes");
        Objects.requireNonNull(evaluation, "evaluation");
        Objects.requireNonNull(provenance, "provenance");
    }

    /**
     * The evaluation preprocessing.
     *
     * @param mean red, green and blue in levels of 0 to 255; null if the mean picture beside this file is subtracted
     */
    public record Evaluation(int shorterSide, int crop, List<Float> mean) {
        public Evaluation {
            if (mean != null && mean.size() != 3) {
                throw new IllegalArgumentException("A mean a channel has three values, not " + mean.size());
            }
        }
    }
}
