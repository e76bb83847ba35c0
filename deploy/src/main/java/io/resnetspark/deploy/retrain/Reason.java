package io.resnetspark.deploy.retrain;

import io.resnetspark.data.shard.Dataset;
import io.resnetspark.deploy.registry.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
        if (rules.newPictures() > 0 && news.added >= rules.newPictures()) {
            return new Reason(true, String.format("%,d new pictures", news.added));
        }
        if (rules.newPictures() > 0 && news.areOthers) {
            return new Reason(true, "the pictures are others than those that the champion was trained on");
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
     * @param areOthers whether there are not more, but others: a dataset that only grows has more
     */
    private record News(long added, boolean areOthers) {
        static News of(Dataset.Opened data, Version champion, List<Attempt> attempts) {
            String digest = champion.description().provenance().datasetDigest();
            if (digest.equals(data.digest())) {
                return new News(0, false);
            }
            Optional<Attempt> seen = attempts.stream()
                    .filter(attempt -> attempt.dataDigest().equals(digest))
                    .findFirst();
            if (seen.isEmpty()) { // a champion from elsewhere
                return new News(data.dataset().examples(), false);
            }
            long added = data.dataset().examples() - seen.get().pictures();
            String pictures = seen.get().picturesDigest();
            boolean changed =
                    pictures != null && !pictures.equals(data.dataset().picturesDigest());
            return new News(Math.max(0, added), added <= 0 && changed);
        }
    }
}
