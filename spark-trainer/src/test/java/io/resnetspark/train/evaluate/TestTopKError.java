package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestTopKError {
    private static final EvaluationResult RESULT =
            new EvaluationResult("one-crop", "val", 200, 150, 0.25, 0.05, 1, 100);

    @Test
    void showsErrorsThatSaySomething() {
        assertThat(TopKError.errors(RESULT, 6)).isEqualTo("top-1 error 25.00 %, top-5 error 5.00 %");
        assertThat(TopKError.accuracies(RESULT, 6)).isEqualTo("top-1 75.00 %, top-5 95.00 %");
        for (int classes : new int[] {1, 2, 5}) {
            assertThat(TopKError.errors(RESULT, classes)).isEqualTo("top-1 error 25.00 %");
            assertThat(TopKError.accuracies(RESULT, classes)).isEqualTo("top-1 75.00 %");
        }
    }
}
