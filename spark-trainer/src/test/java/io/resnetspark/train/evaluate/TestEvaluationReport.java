package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.storage.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ten images of three classes; the figures follow from these lines by hand, as the comments say. */
class TestEvaluationReport {
    private static final List<String> CLASSES = List.of("cat", "dog", "fox");
    private static final int[] LABELS = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2};
    private static final float[][] PROBABILITIES = {
        {0.8f, 0.1f, 0.1f},
        {0.7f, 0.2f, 0.1f},
        {0.4f, 0.5f, 0.1f},
        {0.9f, 0.05f, 0.05f},
        {0.1f, 0.6f, 0.3f},
        {0.3f, 0.4f, 0.3f},
        {0.5f, 0.3f, 0.2f},
        {0.1f, 0.1f, 0.8f},
        {0.05f, 0.9f, 0.05f},
        {0.25f, 0.3f, 0.45f}
    };

    private static Predictions predictions(int[] labels, float[]... probabilities) {
        MetricAccumulator accumulator = new MetricAccumulator();
        for (int i = 0; i < labels.length; i++) {
            accumulator.add(probabilities[i], labels[i], ClassMapping.of(CLASSES, CLASSES));
        }
        return accumulator.predictions(EvaluationProtocol.ONE_CROP, Split.VAL, 2);
    }

    private static EvaluationReport report() {
        return EvaluationReport.of("model", predictions(LABELS, PROBABILITIES), CLASSES);
    }

    @Test
    void countsAsByHand() {
        EvaluationReport report = report();
        assertThat(report.count()).isEqualTo(10);
        assertThat(report.correct()).isEqualTo(7); // all but lines 3, 7 and 9
        assertThat(report.top1Error()).isCloseTo(0.3, within(1e-12));
        assertThat(report.top5Error()).isZero();
        // -sum(log p[label]) / 10: scikit-learn's log_loss
        assertThat(report.crossEntropy()).isCloseTo(0.8249942423836979, within(1e-6));
        assertThat(report.imagesPerSecond()).isEqualTo(5);
        // Predicted are 4 cats, of which 3 are cats; 4 dogs, 2 right; 2 foxes, both right.
        assertThat(report.classes())
                .containsExactly(
                        new ClassMetrics("cat", 3 / 4.0, 3 / 4.0, 4),
                        new ClassMetrics("dog", 2 / 4.0, 2 / 3.0, 3),
                        new ClassMetrics("fox", 2 / 2.0, 2 / 3.0, 3));
        assertThat(report.confusion())
                .containsExactly(
                        new ConfusionCount("cat", "cat", 3),
                        new ConfusionCount("cat", "dog", 1),
                        new ConfusionCount("dog", "cat", 1),
                        new ConfusionCount("dog", "dog", 2),
                        new ConfusionCount("fox", "dog", 1),
                        new ConfusionCount("fox", "fox", 2));
    }

    /**
     * By confidence: 0.4, 0.45, 0.6, 0.7, 0.8 and 0.8 are right, which is more than they say by 0.6 + 0.55 + 0.4 + 0.3 +
     * 0.4; two of 0.5 are wrong, by 1; of two of 0.9 one is right, which is less by 0.8. Together 4.05, of 10 images.
     */
    @Test
    void calibrationErrorIsThatOfFifteenBins() {
        assertThat(report().expectedCalibrationError()).isCloseTo(0.405, within(1e-6));
        float[] certain = {1, 0, 0};
        assertThat(CalibrationError.of(predictions(new int[] {0, 0}, certain, certain)))
                .isZero();
        assertThat(CalibrationError.of(predictions(new int[] {1, 1}, certain, certain)))
                .isOne();
        float[] nothing = {Float.NaN, Float.NaN, Float.NaN};
        assertThat(CalibrationError.of(predictions(new int[] {0, 1}, nothing, nothing)))
                .isOne();
    }

    /** Wilson's formula with z = 1.959963984540054; statsmodels' proportion_confint(k, n, method="wilson"). */
    @Test
    void intervalsAreWilsons() {
        check(Interval.of(4, 10), 0.1681803297062362, 0.6873262302663417);
        check(Interval.of(0, 10), 0, 0.27753279986288915);
        check(Interval.of(10, 10), 0.7224672001371109, 1);
        check(Interval.of(875, 10_000), 0.08211899861521053, 0.09319780004059765);
        assertThat(Interval.of(0, 10).lower()).isGreaterThanOrEqualTo(0);
        assertThat(report().top1Interval()).isEqualTo(Interval.of(3, 10));
        assertThat(report().top5Interval()).isEqualTo(Interval.of(0, 10));
    }

    private static void check(Interval interval, double lower, double upper) {
        assertThat(interval.lower()).isCloseTo(lower, within(1e-9));
        assertThat(interval.upper()).isCloseTo(upper, within(1e-9));
    }

    /** scikit-learn says 0 there, with a warning; null is no figure. */
    @Test
    void whatIsUndefinedIsNull() throws Exception {
        float[] cat = {0.8f, 0.1f, 0.1f};
        float[] nothing = {Float.NaN, 0, 0};
        EvaluationReport report =
                EvaluationReport.of("model", predictions(new int[] {0, 1, 1}, cat, cat, nothing), CLASSES);
        assertThat(report.classes())
                .containsExactly(
                        new ClassMetrics("cat", 0.5, 1.0, 1),
                        new ClassMetrics("dog", null, 0.0, 2),
                        new ClassMetrics("fox", null, null, 0));
        assertThat(report.confusion())
                .containsExactly(
                        new ConfusionCount("cat", "cat", 1),
                        new ConfusionCount("dog", null, 1),
                        new ConfusionCount("dog", "cat", 1));
        JsonNode json = Json.COMPACT.readTree(Json.COMPACT.writeValueAsString(report));
        assertThat(json.at("/classes/2/precision").isNull()).isTrue();
        assertThat(json.at("/top1_interval/upper").asDouble()).isLessThan(1);
        assertThat(json.at("/confusion/0/predicted").asText()).isEqualTo("cat");
        assertThat(EvaluationTable.perClass(report)).isEqualToNormalizingNewlines("""
                        class  precision  recall  support  mostly taken for
                        cat      50.00 %  100.00 %        1  -
                        dog            -  0.00 %        2  no class (1)
                        fox            -       -        0  -
                        """);
    }

    @Test
    void theLineHasTheTopFigures() {
        assertThat(EvaluationTable.line(report()))
                .isEqualTo("model: one-crop, 7 of 10 right: top-1 error 30.00 % (95 %: 10.78 to 60.32),"
                        + " cross-entropy 0.8250, calibration error 0.4050, 5 images/s");
    }
}
