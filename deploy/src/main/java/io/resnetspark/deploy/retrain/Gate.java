package io.resnetspark.deploy.retrain;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.deploy.retrain.RetrainPlan.GateRules;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.Judgement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.stat.inference.AlternativeHypothesis;
import org.apache.commons.math3.stat.inference.BinomialTest;

/** Whether a challenger may take the champion's place, by the same pictures. */
final class Gate {
    private Gate() {}

    /**
     * What was decided, and by what.
     *
     * @param champion null if there is none
     * @param gain of top-1 accuracy, 0 to 1; null without a champion
     * @param onlyChallengerRight pictures that the champion gets wrong
     * @param onlyChampionRight the other way round
     * @param pValue of McNemar's exact test, one-sided: how probable so many more right answers would be if both were
     *     equally good
     * @param worstClass that loses most, of those with enough pictures; null without a champion
     * @param problems why it may not; none if it may
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Verdict(
            EvaluationResult challenger,
            EvaluationResult champion,
            Double gain,
            Long onlyChallengerRight,
            Long onlyChampionRight,
            Double pValue,
            ClassLoss worstClass,
            List<String> problems) {
        boolean passes() {
            return problems.isEmpty();
        }
    }

    /** Accuracy in a class that has so many pictures, with both models. */
    record ClassLoss(String label, int pictures, double champion, double challenger) {
        double loss() {
            return champion - challenger;
        }
    }

    static Verdict judge(GateRules rules, List<String> classes, Judgement challenger, Optional<Judgement> champion) {
        List<String> problems = new ArrayList<>();
        double accuracy = accuracy(challenger);
        if (accuracy < rules.leastAccuracy()) {
            problems.add(String.format("accuracy %.4f is below least-accuracy = %s", accuracy, rules.leastAccuracy()));
        }
        if (champion.isEmpty()) {
            return new Verdict(challenger.result(), null, null, null, null, null, null, problems);
        }
        Judgement before = champion.get();
        double gain = accuracy - accuracy(before);
        if (gain < rules.minimumGain()) {
            problems.add(String.format("gain %+.4f is below minimum-gain = %s", gain, rules.minimumGain()));
        }
        long better = onlyFirstRight(challenger, before);
        long worse = onlyFirstRight(before, challenger);
        double pValue = pValue(better, worse);
        if (pValue > rules.significance()) {
            problems.add(String.format(
                    "right where the champion is wrong %,d times, wrong where it is right %,d times: p = %.4f is above"
                            + " significance = %s",
                    better, worse, pValue, rules.significance()));
        }
        ClassLoss worst = worstClass(rules, classes, challenger, before);
        if (worst != null && worst.loss() > rules.largestClassLoss()) {
            problems.add(String.format(
                    "in class %s accuracy falls from %.4f to %.4f, by more than largest-class-loss = %s",
                    worst.label, worst.champion, worst.challenger, rules.largestClassLoss()));
        }
        return new Verdict(
                challenger.result(), before.result(), gain, better, worse, pValue, worst, List.copyOf(problems));
    }

    private static double accuracy(Judgement judgement) {
        return (double) judgement.result().correct() / judgement.result().count();
    }

    private static long onlyFirstRight(Judgement first, Judgement second) {
        if (!Arrays.equals(first.labels(), second.labels())) {
            throw new IllegalStateException("Both models must have seen the same pictures.");
        }
        long count = 0;
        for (int i = 0; i < first.right().length; i++) {
            count += first.right()[i] && !second.right()[i] ? 1 : 0;
        }
        return count;
    }

    /** McNemar 1947, exact: of the pictures on which they differ, each is as likely to have either right. */
    static double pValue(long better, long worse) {
        long differ = better + worse;
        if (differ == 0) {
            return 1;
        }
        return new BinomialTest()
                .binomialTest(
                        Math.toIntExact(differ), Math.toIntExact(better), 0.5, AlternativeHypothesis.GREATER_THAN);
    }

    private static ClassLoss worstClass(
            GateRules rules, List<String> classes, Judgement challenger, Judgement champion) {
        int[] pictures = new int[classes.size()];
        int[] before = new int[classes.size()];
        int[] after = new int[classes.size()];
        for (int i = 0; i < challenger.labels().length; i++) {
            int label = challenger.labels()[i];
            pictures[label]++;
            before[label] += champion.right()[i] ? 1 : 0;
            after[label] += challenger.right()[i] ? 1 : 0;
        }
        ClassLoss worst = null;
        for (int c = 0; c < classes.size(); c++) {
            if (pictures[c] >= rules.classPictures()) {
                ClassLoss loss = new ClassLoss(
                        classes.get(c), pictures[c], (double) before[c] / pictures[c], (double) after[c] / pictures[c]);
                worst = worst == null || loss.loss() > worst.loss() ? loss : worst;
            }
        }
        return worst;
    }
}
