package io.resnetspark.deploy.retrain;

import io.resnetspark.data.shard.Dataset;
import io.resnetspark.deploy.registry.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Whether there is reason to train.
 *
 * @param isGiven whether there is
 * @param words the reason, or why there is none
 */
record Reason(boolean isGiven, String words) {

    /**
     * Asks.
     *
     * @param attempts all that were begun; they tell how many pictures a champion was trained on
     * @param before how an attempt at the same ended, if there was one
     */
    static Reason of(
            RetrainPlan.Reasons rules,
            Dataset.Opened data,
            Optional<Version> champion,
            List<Attempt> attempts,
            Optional<Outcome> before,
            boolean forced) {
        if (forced) {
            return new Reason(true, "--force");
        }
        if (before.isPresent()) {
            return new Reason(
                    false,
                    "the same data, recipe and champion were tried before, in "
                            + before.get().run() + ": " + before.get().why() + "; --force tries again");
        }
        if (champion.isEmpty()) {
            return new Reason(true, "there is no champion");
        }
        News news = News.of(data, champion.get(), attempts);
        if (rules.newPictures() > 0 && news.isAnew) {
            return new Reason(true, "the dataset was prepared anew since the champion was trained");
        }
        if (rules.newPictures() > 0 && news.added >= rules.newPictures()) {
            return new Reason(true, String.format("%,d new pictures", news.added));
        }
        long days = Duration.between(
                        Instant.parse(champion.get().description().provenance().created()), Instant.now())
                .toDays();
        if (rules.championDays() > 0 && days >= rules.championDays()) {
            return new Reason(true, "the champion is " + days + " days old");
        }
        return new Reason(
                false,
                String.format(
                        "there are %,d new pictures (reason.new-pictures = %,d), and the champion is %d days old"
                                + " (reason.champion-days = %d)",
                        news.added, rules.newPictures(), days, rules.championDays()));
    }

    /**
     * What the dataset has that the champion has not seen.
     *
     * @param added how many pictures more
     * @param isAnew whether it did not just grow: its first pictures are others, or in another order
     */
    private record News(long added, boolean isAnew) {
        static News of(Dataset.Opened data, Version champion, List<Attempt> attempts) {
            String digest = champion.description().provenance().datasetDigest();
            if (digest.equals(data.digest())) {
                return new News(0, false);
            }
            List<Attempt> seen = attempts.stream()
                    .filter(attempt -> attempt.dataDigest().equals(digest))
                    .toList();
            if (seen.isEmpty()) { // a champion from elsewhere
                return new News(data.dataset().examples(), false);
            }
            boolean grew = seen.stream()
                    .map(Attempt::snapshot)
                    .filter(Objects::nonNull)
                    .allMatch(snapshot -> snapshot.isPartOf(data.dataset()));
            long added = data.dataset().examples() - seen.get(0).pictures();
            return new News(Math.max(0, added), !grew);
        }
    }
}
