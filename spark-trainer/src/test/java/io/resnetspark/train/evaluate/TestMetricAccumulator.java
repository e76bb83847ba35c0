package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TestMetricAccumulator {
    private static final float[] SEVEN = {0.1f, 0.3f, 0.05f, 0.2f, 0.15f, 0.12f, 0.08f};

    /** The network's outputs are the dataset's classes. */
    private static ClassMapping classes(int count) {
        List<String> names = IntStream.range(0, count).mapToObj(String::valueOf).toList();
        return ClassMapping.of(names, names);
    }

    private static boolean[] right(Predictions predictions) {
        boolean[] right = new boolean[predictions.labels().length];
        for (int i = 0; i < right.length; i++) {
            right[i] = predictions.isRight(i);
        }
        return right;
    }

    /** Of images on each of which the network says the same, by their right classes. */
    private static Predictions predictions(float[] probabilities, int... labels) {
        MetricAccumulator accumulator = new MetricAccumulator();
        for (int label : labels) {
            accumulator.add(probabilities, label, classes(probabilities.length));
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
        assertThat(right(predictions)).containsExactly(true, false, false);
        assertThat(predictions.predicted()).containsExactly(1, 1, 1);
        assertThat(predictions.confidences()).containsExactly(0.3f, 0.3f, 0.3f);
    }

    @Test
    void aModelThatSaysNoNumbersIsAlwaysWrong() {
        float[] none = {Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN};
        Predictions predictions = predictions(none, 0, 5);
        assertThat(predictions.result().correct()).isZero();
        assertThat(predictions.result().top5Error()).isOne();
        assertThat(predictions.predicted()).containsOnly(ClassMapping.UNKNOWN);
        assertThat(predictions.confidences())
                .as("calibration must not look better")
                .containsOnly(1);
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
        ClassMapping classes = ClassMapping.of(List.of("cat", "dog", "fox"), List.of("fox", "cat"));
        accumulator.add(new float[] {1, 0}, 1, classes);
        Predictions predictions = accumulator.predictions(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
        assertThat(right(predictions)).containsExactly(false);
        assertThat(predictions.predicted())
                .as("the fox, as the dataset numbers it")
                .containsExactly(2);
        assertThat(predictions.result().top5Error()).isOne();
    }

    @Test
    void addsUpInOrder() {
        MetricAccumulator all = new MetricAccumulator();
        for (int i = 0; i < 3; i++) {
            MetricAccumulator part = new MetricAccumulator();
            for (int k = 0; k < 100; k++) {
                part.add(SEVEN, k % 7, classes(7));
            }
            all.add(part);
        }
        Predictions predictions = all.predictions(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
        assertThat(predictions.result().count()).isEqualTo(300);
        assertThat(predictions.labels()[299]).isEqualTo(99 % 7);
        assertThat(predictions.result().correct()).isEqualTo(3 * 15);
    }
}
