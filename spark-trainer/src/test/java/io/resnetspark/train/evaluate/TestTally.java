package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.EvaluationProtocol;
import org.junit.jupiter.api.Test;

class TestTally {
    private static final float[] SEVEN = {0.1f, 0.3f, 0.05f, 0.2f, 0.15f, 0.12f, 0.08f};

    /** Of pictures on each of which the network says the same, by their right classes. */
    private static Judgement judge(float[] probabilities, int... labels) {
        Tally tally = new Tally();
        for (int label : labels) {
            tally.add(probabilities, label, label);
        }
        return tally.judgement(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
    }

    @Test
    void countsTheBestAndTheBestFive() {
        Judgement judgement = judge(SEVEN, 1, 0, 6);
        EvaluationResult result = judgement.result();
        assertThat(result.count()).isEqualTo(3);
        assertThat(result.correct()).isEqualTo(1);
        assertThat(result.top5Error()).isCloseTo(1.0 / 3, within(1e-12));
        assertThat(3 * result.crossEntropy()).isCloseTo(-Math.log(0.3) - Math.log(0.1) - Math.log(0.08), within(1e-6));
        assertThat(judgement.labels()).containsExactly(1, 0, 6);
        assertThat(judgement.right()).containsExactly(true, false, false);
    }

    @Test
    void aModelThatSaysNoNumbersIsAlwaysWrong() {
        float[] none = {Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN, Float.NaN};
        EvaluationResult result = judge(none, 0, 5).result();
        assertThat(result.correct()).isZero();
        assertThat(result.top5Error()).isOne();
    }

    @Test
    void aTieIsRightOnce() {
        assertThat(judge(new float[] {0.5f, 0.5f}, 0, 1).result().correct()).isEqualTo(1);
    }

    @Test
    void aCertainErrorCostsMuchButNotEverything() {
        assertThat(judge(new float[] {1, 0}, 1).result().crossEntropy()).isBetween(60.0, 80.0);
    }

    @Test
    void aClassThatTheNetworkDoesNotKnowIsNeverRight() {
        Tally tally = new Tally();
        tally.add(new float[] {1, 0}, 7, -1);
        Judgement judgement = tally.judgement(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
        assertThat(judgement.right()).containsExactly(false);
        assertThat(judgement.result().top5Error()).isOne();
    }

    @Test
    void addsUpInOrder() {
        Tally all = new Tally();
        for (int i = 0; i < 3; i++) {
            Tally part = new Tally();
            for (int k = 0; k < 100; k++) {
                part.add(SEVEN, k % 7, k % 7);
            }
            all.add(part);
        }
        Judgement judgement = all.judgement(EvaluationProtocol.ONE_CROP, Split.VAL, 1);
        assertThat(judgement.result().count()).isEqualTo(300);
        assertThat(judgement.labels()[299]).isEqualTo(99 % 7);
        assertThat(judgement.result().correct()).isEqualTo(3 * 15);
    }
}
