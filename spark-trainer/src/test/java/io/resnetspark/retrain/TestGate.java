package io.resnetspark.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.retrain.RetrainPlan.GateRules;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.Predictions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestGate {
    private static final List<String> CLASSES = List.of("cat", "dog");
    private static final GateRules OPEN = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, -1, 0, 1, 1, 1);

    /** Right answers as a string of 1 and 0; the first half are cats. */
    private static Predictions predictions(String right) {
        int[] answers = new int[right.length()];
        int[] labels = new int[right.length()];
        int correct = 0;
        for (int i = 0; i < answers.length; i++) {
            labels[i] = i < answers.length / 2 ? 0 : 1;
            answers[i] = right.charAt(i) == '1' ? labels[i] : 1 - labels[i];
            correct += right.charAt(i) == '1' ? 1 : 0;
        }
        double error = 1 - (double) correct / answers.length;
        return new Predictions(
                new EvaluationResult("one-crop", "val", answers.length, correct, error, 0, 0, 1),
                labels,
                answers,
                new float[answers.length],
                List.of());
    }

    private static Gate.Verdict judge(GateRules rules, String challenger, String champion) {
        return judge(rules, challenger, champion, CLASSES);
    }

    private static Gate.Verdict judge(
            GateRules rules, String challenger, String champion, List<String> championClasses) {
        return Gate.decide(
                rules,
                CLASSES,
                predictions(challenger),
                Optional.ofNullable(champion).map(right -> new Gate.Champion(predictions(right), championClasses)));
    }

    @Test
    void withoutAChampionTheFloorAloneCounts() {
        assertThat(judge(OPEN, "0000", null).passes()).isTrue();
        assertThat(judge(new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0.5, 0.75, 0, 1, 0), "1110", null)
                        .passes())
                .isTrue();
        assertThat(judge(new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0, 0.76, 1, 1, 1), "1110", null)
                        .problems())
                .containsExactly("accuracy 0.7500 is below min-accuracy = 0.76");
    }

    @Test
    void theGainMustBeEnough() {
        GateRules just = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0.25, 0, 1, 1, 1);
        assertThat(judge(just, "1111", "1110").passes()).isTrue();
        GateRules rules = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0.26, 0, 1, 1, 1);
        assertThat(judge(rules, "1011", "0110").problems())
                .containsExactly("gain +0.2500 is below min-accuracy-gain = 0.26");
        assertThat(judge(new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0, 0, 1, 1, 1), "1100", "1110")
                        .problems())
                .containsExactly("gain -0.2500 is below min-accuracy-gain = 0.0");
    }

    /** A thousandth of 1,000 images is one of them, though neither is a sum of powers of two. */
    @Test
    void theLeastGainIsEnoughToTheLastBit() {
        GateRules rules = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0.001, 0, 1, 1, 1);
        for (int right = 1; right < 1000; right++) {
            String challenger = "1".repeat(right) + "0".repeat(1000 - right);
            String champion = "1".repeat(right - 1) + "0".repeat(1001 - right);
            assertThat(judge(rules, challenger, champion).problems()).isEmpty();
        }
    }

    @Test
    void aTieIsNotPromotedUnlessWorseWouldBe() {
        GateRules any = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0, 0, 1, 1, 1);
        for (String champion : new String[] {"1100", "0011"}) { // nothing differs, all differs
            assertThat(judge(any, "1100", champion).problems())
                    .singleElement()
                    .asString()
                    .contains("both are right on 2 of 4 images, and a tie is not promoted");
            assertThat(judge(OPEN, "1100", champion).passes()).isTrue();
        }
        assertThat(judge(any, "1110", "1100").passes()).isTrue();
    }

    /** What a plan that says nothing of a gate asks for. */
    @Test
    void byDefaultABetterModelIsPromotedAndNoOther() {
        GateRules rules = RetrainPlan.parse("name = a, registry = /b, data = /c, runs = /d, recipe = e.conf", "plan")
                .gate();
        String half = "1".repeat(50) + "0".repeat(50); // of 200 images, 100 of each class
        assertThat(judge(rules, half + half, half + half).problems()).anyMatch(why -> why.contains("a tie"));
        // Two images of 200 more may be chance, ten are not.
        assertThat(judge(rules, half + "1".repeat(52) + "0".repeat(48), half + half)
                        .problems())
                .singleElement()
                .asString()
                .contains("p = 0.2500 is above significance-level = 0.05, which so few images cannot come below");
        assertThat(judge(rules, half + "1".repeat(60) + "0".repeat(40), half + half)
                        .passes())
                .isTrue();
        // Fifty dogs more do not make up for thirty cats less.
        assertThat(judge(rules, "1".repeat(20) + "0".repeat(80) + "1".repeat(100), half + half)
                        .problems())
                .singleElement()
                .asString()
                .contains("in class cat accuracy falls from 0.5000 to 0.2000");
        assertThat(judge(rules, "0".repeat(200), null).passes()).as("the first").isTrue();
    }

    @Test
    void aClassThatTheChampionDoesNotKnowIsNoLossAndIsTold() {
        GateRules rules = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0, 0, 0.3, 4, 1);
        Gate.Verdict verdict = judge(rules, "11101111", "11110000", List.of("cat"));
        assertThat(verdict.passes()).isTrue();
        assertThat(verdict.worstClass()).isEqualTo(new Gate.ClassAccuracy("cat", 4, 1.0, 0.75));
        assertThat(verdict.unknownToChampion()).containsExactly("dog");
        assertThat(verdict.gainInKnownClasses()).isEqualTo(-0.25);
        assertThat(judge(rules, "11110000", "00000000", List.of("cow")).worstClass())
                .isNull();
    }

    @Test
    void noClassMayLoseTooMuch() {
        GateRules rules = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, -1, 0, 0.3, 4, 1);
        Gate.Verdict verdict = judge(rules, "11001111", "11110000");
        assertThat(verdict.problems())
                .containsExactly(
                        "in class cat accuracy falls from 1.0000 to 0.5000, by more than max-class-accuracy-drop = 0.3");
        assertThat(verdict.worstClass()).isEqualTo(new Gate.ClassAccuracy("cat", 4, 1.0, 0.5));
        // Of classes with fewer images than asked for, nothing is said.
        assertThat(judge(
                                new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, -1, 0, 0.3, 5, 1),
                                "11001111",
                                "11110000")
                        .passes())
                .isTrue();
    }

    /** By hand: sums of binomial coefficients over powers of two. */
    @Test
    void mcNemarsTestIsExact() {
        assertThat(SignificanceTest.mcNemar(0, 0)).isOne();
        assertThat(SignificanceTest.mcNemar(5, 0)).isCloseTo(1 / 32.0, within(1e-12));
        assertThat(SignificanceTest.mcNemar(8, 2)).isCloseTo((45 + 10 + 1) / 1024.0, within(1e-12));
        assertThat(SignificanceTest.mcNemar(2, 8)).isCloseTo(1 - (1 + 10) / 1024.0, within(1e-12));
        assertThat(SignificanceTest.mcNemar(520, 480)).isCloseTo(0.1087, within(1e-3));
    }

    @Test
    void aGainByChanceIsNoGain() {
        GateRules rules = new GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0, 0, 1, 1, 0.05);
        Gate.Verdict chance = judge(rules, "1111110001", "1100001001");
        assertThat(chance.onlyChallengerRight()).isEqualTo(4);
        assertThat(chance.onlyChampionRight()).isEqualTo(1);
        assertThat(chance.problems())
                .containsExactly(
                        "right where the champion is wrong 4 times, wrong where it is right 1 times: p = 0.1875 is above"
                                + " significance-level = 0.05");
        assertThat(judge(rules, "1111111111", "0000011111").passes()).isTrue();
    }

    @Test
    void onlyTheSameImagesCanBeCompared() {
        assertThatThrownBy(() -> judge(OPEN, "1111", "11")).isInstanceOf(IllegalStateException.class);
    }
}
