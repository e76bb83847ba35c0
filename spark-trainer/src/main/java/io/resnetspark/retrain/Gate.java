package io.resnetspark.retrain;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.retrain.RetrainPlan.GateRules;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.Predictions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Whether a challenger may take the champion's place, by the same images. */
final class Gate {
    private Gate() {}

    /**
     * What was decided, and by what.
     *
     * @param challenger its evaluation
     * @param champion its evaluation; null if there is none
     * @param gain of top-1 accuracy, 0 to 1; null without a champion
     * @param onlyChallengerRight images that the champion gets wrong
     * @param onlyChampionRight the other way round
     * @param pValue of McNemar's exact test, one-sided: how probable so many more right answers would be if both were
     *     equally good
     * @param worstClass that loses most, of those that the champion knows with enough images; null without one
     * @param unknownToChampion classes of the dataset, of which it gets every image wrong; null without a champion
     * @param gainInKnownClasses of accuracy on the images of all others; null if there are none
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
            ClassAccuracy worstClass,
            List<String> unknownToChampion,
            Double gainInKnownClasses,
            List<String> problems) {
        boolean passes() {
            return problems.isEmpty();
        }
    }

    /**
     * Accuracy in a class with both models.
     *
     * @param label name of the class
     * @param images of it, in the split that is compared on
     * @param champion its accuracy, 0 to 1
     * @param challenger its accuracy, 0 to 1
     */
    record ClassAccuracy(
            String label, @JsonAlias("pictures") int images, double champion, double challenger) {
        /** In one division, so that a limit is met to the last bit. */
        double loss() {
            return (double) Math.round((champion - challenger) * images) / images;
        }
    }

    /**
     * What the champion did on the same images.
     *
     * @param classes that it knows
     */
    record Champion(Predictions predictions, List<String> classes) {
        /** Which of a dataset's classes. */
        boolean[] knows(List<String> others) {
            boolean[] known = new boolean[others.size()];
            for (int label = 0; label < known.length; label++) {
                known[label] = classes.contains(others.get(label));
            }
            return known;
        }
    }

    /** @param classes of the dataset */
    static Verdict decide(GateRules rules, List<String> classes, Predictions challenger, Optional<Champion> champion) {
        List<String> problems = new ArrayList<>();
        double accuracy =
                (double) challenger.result().correct() / challenger.result().count();
        if (accuracy < rules.minAccuracy()) {
            problems.add(String.format("accuracy %.4f is below min-accuracy = %s", accuracy, rules.minAccuracy()));
        }
        if (champion.isEmpty()) {
            return new Verdict(challenger.result(), null, null, null, null, null, null, null, null, problems);
        }
        Predictions before = champion.get().predictions();
        long better = onlyFirstRight(challenger, before);
        long worse = onlyFirstRight(before, challenger);
        // In one division: 0.001 of 1000 images is one of them, to the last bit.
        double gain = (double) (better - worse) / before.result().count();
        gainProblem(rules, gain, before.result()).ifPresent(problems::add);
        double pValue = SignificanceTest.mcNemar(better, worse);
        chanceProblem(rules, better, worse, pValue).ifPresent(problems::add);
        boolean[] known = champion.get().knows(classes);
        ClassCounts counts = ClassCounts.of(classes, challenger, before);
        ClassAccuracy worst = counts.worst(known, rules.minClassImages());
        if (worst != null && worst.loss() > rules.maxClassAccuracyDrop()) {
            problems.add(String.format(
                    "in class %s accuracy falls from %.4f to %.4f, by more than max-class-accuracy-drop = %s",
                    worst.label, worst.champion, worst.challenger, rules.maxClassAccuracyDrop()));
        }
        return new Verdict(
                challenger.result(),
                before.result(),
                gain,
                better,
                worse,
                pValue,
                worst,
                counts.unknown(known),
                counts.gain(known),
                List.copyOf(problems));
    }

    private static Optional<String> gainProblem(GateRules rules, double gain, EvaluationResult champion) {
        boolean tie = gain == 0 && rules.minAccuracyGain() >= 0;
        if (gain >= rules.minAccuracyGain() && !tie) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                "gain %+.4f is %s min-accuracy-gain = %s%s",
                gain,
                gain < rules.minAccuracyGain() ? "below" : "not above",
                rules.minAccuracyGain(),
                tie
                        ? String.format(
                                ": both are right on %,d of %,d images, and a tie is not promoted",
                                champion.correct(), champion.count())
                        : ""));
    }

    private static Optional<String> chanceProblem(GateRules rules, long better, long worse, double pValue) {
        if (pValue <= rules.significanceLevel()) {
            return Optional.empty();
        }
        boolean few = SignificanceTest.mcNemar(better + worse, 0) > rules.significanceLevel();
        return Optional.of(String.format(
                "right where the champion is wrong %,d times, wrong where it is right %,d times: p = %.4f is above"
                        + " significance-level = %s%s",
                better,
                worse,
                pValue,
                rules.significanceLevel(),
                few
                        ? ", which so few images cannot come below: judge by more, or set another significance-level"
                        : ""));
    }

    private static long onlyFirstRight(Predictions first, Predictions second) {
        if (!Arrays.equals(first.labels(), second.labels())) {
            throw new IllegalStateException("Both models must have seen the same images.");
        }
        long count = 0;
        for (int i = 0; i < first.labels().length; i++) {
            count += first.isRight(i) && !second.isRight(i) ? 1 : 0;
        }
        return count;
    }

    /** Right answers by class. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record ClassCounts(List<String> classes, int[] images, int[] champion, int[] challenger) {
        static ClassCounts of(List<String> classes, Predictions challenger, Predictions champion) {
            ClassCounts counts =
                    new ClassCounts(classes, new int[classes.size()], new int[classes.size()], new int[classes.size()]);
            for (int i = 0; i < challenger.labels().length; i++) {
                int label = challenger.labels()[i];
                counts.images[label]++;
                counts.champion[label] += champion.isRight(i) ? 1 : 0;
                counts.challenger[label] += challenger.isRight(i) ? 1 : 0;
            }
            return counts;
        }

        ClassAccuracy worst(boolean[] known, int minImages) {
            return IntStream.range(0, classes.size())
                    .filter(label -> known[label] && images[label] >= minImages)
                    .mapToObj(label -> new ClassAccuracy(
                            classes.get(label),
                            images[label],
                            (double) champion[label] / images[label],
                            (double) challenger[label] / images[label]))
                    .reduce((worst, other) -> other.loss() > worst.loss() ? other : worst)
                    .orElse(null);
        }

        List<String> unknown(boolean[] known) {
            return IntStream.range(0, classes.size())
                    .filter(label -> !known[label])
                    .mapToObj(classes::get)
                    .toList();
        }

        Double gain(boolean[] known) {
            int all = sum(images, known);
            return all == 0 ? null : (double) (sum(challenger, known) - sum(champion, known)) / all;
        }

        private static int sum(int[] counts, boolean[] known) {
            return IntStream.range(0, counts.length)
                    .filter(label -> known[label])
                    .map(label -> counts[label])
                    .sum();
        }
    }
}
