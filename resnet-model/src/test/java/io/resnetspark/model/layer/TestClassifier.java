package io.resnetspark.model.layer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestClassifier {
    private static int errors(float[] scores, float... targets) {
        return Classifier.errors(scores, targets, targets.length);
    }

    @Test
    void ofEqualScoresTheFirstCounts() {
        assertThat(errors(new float[] {2, 2, 1}, 1, 0, 0)).isZero();
        assertThat(errors(new float[] {2, 2, 1}, 0, 1, 0)).isEqualTo(1);
    }

    @Test
    void nanIsAlwaysWrong() {
        assertThat(errors(new float[] {3, Float.NaN, 1}, 1, 0, 0)).isEqualTo(1);
        assertThat(errors(new float[] {Float.NaN, 2, 1}, 1, 0, 0)).isEqualTo(1);
        assertThat(errors(new float[] {Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}, 0, 1))
                .isZero();
    }

    /** With label smoothing, or two mixed images. */
    @Test
    void theLargestTargetIsTheLabel() {
        assertThat(errors(new float[] {1, 5, 2}, 0.05f, 0.9f, 0.05f)).isZero();
        assertThat(errors(new float[] {5, 1, 2}, 0.05f, 0.9f, 0.05f)).isEqualTo(1);
        assertThat(Classifier.errors(new float[] {1, 0, 0, 1, 1, 0}, new float[] {1, 0, 1, 0, 0, 1}, 2))
                .isEqualTo(2);
    }
}
