package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TestTally {
    private static final float[] SEVEN = {0.1f, 0.3f, 0.05f, 0.2f, 0.15f, 0.12f, 0.08f};

    @Test
    void countsTheBestAndTheBestFive() {
        Tally tally = Tally.NOTHING.with(SEVEN, 1).with(SEVEN, 0).with(SEVEN, 6);
        assertThat(tally.count()).isEqualTo(3);
        assertThat(tally.correct()).isEqualTo(1);
        assertThat(tally.amongFive()).isEqualTo(2);
        assertThat(tally.crossEntropy()).isCloseTo(-Math.log(0.3) - Math.log(0.1) - Math.log(0.08), within(1e-6));
    }

    @Test
    void aModelThatSaysNoNumbersIsAlwaysWrong() {
        float[] none = {Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN};
        Tally tally = Tally.NOTHING.with(none, 0).with(none, 5);
        assertThat(tally.correct()).isZero();
        assertThat(tally.amongFive()).isZero();
    }

    @Test
    void aTieIsRightOnce() {
        float[] same = {0.5f, 0.5f};
        assertThat(Tally.NOTHING.with(same, 0).with(same, 1).correct()).isEqualTo(1);
    }

    @Test
    void aCertainErrorCostsMuchButNotEverything() {
        assertThat(Tally.NOTHING.with(new float[] {1, 0}, 1).crossEntropy()).isBetween(60.0, 80.0);
    }
}
