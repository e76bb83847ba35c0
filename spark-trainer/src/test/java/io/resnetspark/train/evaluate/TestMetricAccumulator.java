package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import org.junit.jupiter.api.Test;

class TestMetricAccumulator {
    private static final float[] SEVEN = {0.1f, 0.3f, 0.05f, 0.2f, 0.15f, 0.12f, 0.08f};

    /** Of images on each of which the network says the same, by their right classes. */
    private static Predictions predictions(float[] probabilities, int... labels) {
        MetricAccumulator accumulator = new MetricAccumulator();
        for (int label : labels) {
            accumulator.add(probabilities, label, label);
        }
        return accumulator.predictions(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
    }

    @Test
    void countsTheBestAndTheBestFive() {
        Predictions predictions = predictions(SEVEN, 1, 0, 6);
        EvaluationResult result = predictions.result();
        assertThat(result.count()).isEqualTo(3);
        assertThat(result.correct()).isEqualTo(1);
        assertThat(result.top5Error()).isCloseTo(1.0 / 3, within(1e-12));
        assertThat(3 * result.crossEntropy()).isCloseTo(-Math.log(0.3) - Math.log(0.1) - Math.log(0.08), within(1e-6));
        assertThat(predictions.labels()).containsExactly(1, 0, 6);
        assertThat(predictions.right()).containsExactly(true, false, false);
    }

    @Test
    void aModelThatSaysNoNumbersIsAlwaysWrong() {
        float[] none = {Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN};
        EvaluationResult result = predictions(none, 0, 5).result();
        assertThat(result.correct()).isZero();
        assertThat(result.top5Error()).isOne();
    }

    @Test
    void aTieIsRightOnce() {
        assertThat(predictions(new float[] {0.5f, 0.5f}, 0, 1).result().correct())
                .isEqualTo(1);
    }

    @Test
    void aCertainErrorCostsMuchButNotEverything() {
        assertThat(predictions(new float[] {1, 0}, 1).result().crossEntropy()).isBetween(60.0, 80.0);
    }

    @Test
    void aClassThatTheNetworkDoesNotKnowIsNeverRight() {
        MetricAccumulator accumulator = new MetricAccumulator();
        accumulator.add(new float[] {1, 0}, 7, -1);
        Predictions predictions = accumulator.predictions(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
        assertThat(predictions.right()).containsExactly(false);
        assertThat(predictions.result().top5Error()).isOne();
    }

    @Test
    void addsUpInOrder() {
        MetricAccumulator all = new MetricAccumulator();
        for (int i = 0; i < 3; i++) {
            MetricAccumulator part = new MetricAccumulator();
            for (int k = 0; k < 100; k++) {
                part.add(SEVEN, k % 7, k % 7);
            }
            all.add(part);
        }
        Predictions predictions = all.predictions(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
        assertThat(predictions.result().count()).isEqualTo(300);
        assertThat(predictions.labels()[299]).isEqualTo(99 % 7);
        assertThat(predictions.result().correct()).isEqualTo(3 * 15);
    }
}
