package io.resnetspark.deploy.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.Protocol;
import io.resnetspark.deploy.retrain.RetrainPlan.GateRules;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.Judgement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestGate {
    private static final List<String> CLASSES = List.of("cat", "dog");
    private static final GateRules OPEN = new GateRules(Split.VAL, Protocol.ONE_CROP, -1, 0, 1, 1, 1);

    /** Right answers as a string of 1 and 0; the first half are cats. */
    private static Judgement judgement(String right) {
        boolean[] answers = new boolean[right.length()];
        int[] labels = new int[right.length()];
        int correct = 0;
        for (int i = 0; i < answers.length; i++) {
            answers[i] = right.charAt(i) == '1';
            labels[i] = i < answers.length / 2 ? 0 : 1;
            correct += answers[i] ? 1 : 0;
        }
        double error = 1 - (double) correct / answers.length;
        return new Judgement(
                new EvaluationResult("one-crop", "val", answers.length, correct, error, 0, 0, 1), labels, answers);
    }

    private static Gate.Verdict judge(GateRules rules, String challenger, String champion) {
        return Gate.judge(
                rules,
                CLASSES,
                judgement(challenger),
                Optional.ofNullable(champion).map(TestGate::judgement));
    }

    @Test
    void withoutAChampionTheFloorAloneCounts() {
        assertThat(judge(OPEN, "0000", null).passes()).isTrue();
        assertThat(judge(new GateRules(Split.VAL, Protocol.ONE_CROP, 0.5, 0.75, 0, 1, 0), "1110", null)
                        .passes())
                .isTrue();
        assertThat(judge(new GateRules(Split.VAL, Protocol.ONE_CROP, 0, 0.76, 1, 1, 1), "1110", null)
                        .problems())
                .containsExactly("accuracy 0.7500 is below least-accuracy = 0.76");
    }

    @Test
    void theGainMustBeEnough() {
        GateRules rules = new GateRules(Split.VAL, Protocol.ONE_CROP, 0.25, 0, 1, 1, 1);
        assertThat(judge(rules, "1111", "1110").passes()).isTrue();
        assertThat(judge(rules, "1110", "1110").problems())
                .containsExactly("gain +0.0000 is below minimum-gain = 0.25");
        assertThat(judge(new GateRules(Split.VAL, Protocol.ONE_CROP, 0, 0, 1, 1, 1), "1100", "1110")
                        .problems())
                .containsExactly("gain -0.2500 is below minimum-gain = 0.0");
    }

    @Test
    void noClassMayLoseTooMuch() {
        GateRules rules = new GateRules(Split.VAL, Protocol.ONE_CROP, 0, 0, 0.3, 4, 1);
        Gate.Verdict verdict = judge(rules, "11001111", "11110000");
        assertThat(verdict.problems())
                .containsExactly(
                        "in class cat accuracy falls from 1.0000 to 0.5000, by more than largest-class-loss = 0.3");
        assertThat(verdict.worstClass()).isEqualTo(new Gate.ClassLoss("cat", 4, 1.0, 0.5));
        // Of classes with fewer pictures than asked for, nothing is said.
        assertThat(judge(new GateRules(Split.VAL, Protocol.ONE_CROP, 0, 0, 0.3, 5, 1), "11001111", "11110000")
                        .passes())
                .isTrue();
    }

    /** By hand: sums of binomial coefficients over powers of two. */
    @Test
    void mcNemarsTestIsExact() {
        assertThat(Gate.pValue(0, 0)).isOne();
        assertThat(Gate.pValue(5, 0)).isCloseTo(1 / 32.0, within(1e-12));
        assertThat(Gate.pValue(8, 2)).isCloseTo((45 + 10 + 1) / 1024.0, within(1e-12));
        assertThat(Gate.pValue(2, 8)).isCloseTo(1 - (1 + 10) / 1024.0, within(1e-12));
        assertThat(Gate.pValue(520, 480)).isCloseTo(0.1087, within(1e-3));
    }

    @Test
    void aGainByChanceIsNoGain() {
        GateRules rules = new GateRules(Split.VAL, Protocol.ONE_CROP, 0, 0, 1, 1, 0.05);
        Gate.Verdict chance = judge(rules, "11110000", "11101000");
        assertThat(chance.onlyChallengerRight()).isEqualTo(1);
        assertThat(chance.onlyChampionRight()).isEqualTo(1);
        assertThat(chance.problems()).singleElement().asString().contains("p = 0.7500 is above significance = 0.05");
        assertThat(judge(rules, "1111111111", "0000011111").passes()).isTrue();
    }

    @Test
    void onlyTheSamePicturesCanBeCompared() {
        assertThatThrownBy(() -> judge(OPEN, "1111", "11")).isInstanceOf(IllegalStateException.class);
    }
}
