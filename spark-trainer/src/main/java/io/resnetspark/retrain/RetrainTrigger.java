package io.resnetspark.retrain;

import io.resnetspark.dataset.ChangeHistory;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.train.artifact.ModelDescription;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Whether there is reason to train.
 *
 * @param isGiven whether there is
 * @param words the reason, or why there is none
 */
record RetrainTrigger(boolean isGiven, String words) {
    /** Classes of which many came or went. */
    private static final int NAMED = 10;

    private static final String ANEW = "the dataset was prepared anew since the champion was trained";

    /**
     * Asks.
     *
     * @param attempts all that were begun; they tell how many images a champion was trained on
     * @param before how an attempt at the same ended, if there was one
     */
    static RetrainTrigger of(
            RetrainPlan.Trigger rules,
            Dataset.Opened data,
            Optional<ModelVersion> champion,
            List<RetrainingRun> attempts,
            Optional<Outcome> before,
            boolean forced) {
        if (forced) {
            return new RetrainTrigger(true, "forced");
        }
        if (before.isPresent()) {
            return new RetrainTrigger(
                    false,
                    "the same data, recipe and champion were tried before, in "
                            + before.get().run() + ": " + before.get().reason()
                            + "; they are tried again if that is forced");
        }
        if (champion.isEmpty()) {
            return new RetrainTrigger(true, "there is no champion");
        }
        DatasetDelta news = DatasetDelta.of(data, champion.get(), attempts);
        if (rules.newImages() > 0 && !news.classes.isEmpty()) {
            return new RetrainTrigger(true, news.classes + "; " + news.words());
        }
        if (rules.newImages() > 0 && news.isAnew) {
            return new RetrainTrigger(true, ANEW);
        }
        if (rules.newImages() > 0 && news.changes.count() >= rules.newImages()) {
            return new RetrainTrigger(true, news.changes.description());
        }
        long days = Duration.between(
                        Instant.parse(champion.get().description().provenance().created()), Instant.now())
                .toDays();
        if (rules.maxChampionAgeDays() > 0 && days >= rules.maxChampionAgeDays()) {
            return new RetrainTrigger(true, "the champion is " + days + " days old");
        }
        return new RetrainTrigger(
                false,
                String.format(
                        "the dataset has %s (trigger.new-images = %,d), and the champion is %d days old"
                                + " (trigger.max-champion-age-days = %d)",
                        news.changes.description(), rules.newImages(), days, rules.maxChampionAgeDays()));
    }

    /**
     * What the dataset has that the champion has not seen.
     *
     * @param classes which came or went, in words; empty if they are the same
     * @param changes of its images
     * @param isAnew whether that is not known: its images are others than the champion's, or in another order
     */
    private record DatasetDelta(String classes, ChangeHistory changes, boolean isAnew) {
        static DatasetDelta of(Dataset.Opened data, ModelVersion champion, List<RetrainingRun> attempts) {
            String classes = classes(data.dataset().classes(), champion.description());
            String digest = champion.description().provenance().datasetDigest();
            Optional<RetrainingRun> seen = attempts.stream()
                    .filter(attempt -> attempt.dataDigest().equals(digest))
                    .reduce((earlier, later) -> later);
            if (digest.equals(data.digest())) {
                return new DatasetDelta(classes, added(0), false);
            }
            if (seen.isEmpty()) { // a champion from elsewhere
                return new DatasetDelta(classes, added(RetrainingRun.images(data.dataset())), false);
            }
            RetrainingRun attempt = seen.get();
            if (attempt.sees(data)) {
                return new DatasetDelta(classes, added(0), false);
            }
            if (attempt.history() != null) {
                Optional<ChangeHistory> changes = data.dataset().history().since(attempt.history());
                return new DatasetDelta(classes, changes.orElse(added(0)), changes.isEmpty());
            }
            boolean grew = attempt.snapshot() == null || attempt.snapshot().isPartOf(data.dataset());
            long added = RetrainingRun.images(data.dataset()) - attempt.images();
            return new DatasetDelta(classes, added(Math.max(0, added)), !grew);
        }

        private static ChangeHistory added(long images) {
            return new ChangeHistory("", images, 0, 0);
        }

        String words() {
            return isAnew ? ANEW : changes.description();
        }

        private static String classes(List<String> now, ModelDescription champion) {
            List<String> before = champion.classesBeside(now);
            return Stream.of(
                            named(without(now, before), "1 new class", "%,d new classes"),
                            named(without(before, now), "1 class is gone", "%,d classes are gone"))
                    .flatMap(Optional::stream)
                    .collect(Collectors.joining("; "));
        }

        private static List<String> without(List<String> classes, List<String> others) {
            Set<String> known = Set.copyOf(others);
            return classes.stream().filter(name -> !known.contains(name)).toList();
        }

        private static Optional<String> named(List<String> classes, String one, String many) {
            if (classes.isEmpty()) {
                return Optional.empty();
            }
            String names = classes.stream().limit(NAMED).collect(Collectors.joining(", "));
            return Optional.of((classes.size() == 1 ? one : String.format(many, classes.size())) + ": " + names
                    + (classes.size() > NAMED ? ", ..." : ""));
        }
    }
}
