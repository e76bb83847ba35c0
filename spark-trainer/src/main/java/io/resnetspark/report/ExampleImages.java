package io.resnetspark.report;

import io.resnetspark.train.evaluate.ScoreLine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Images that tell something about a model.
 *
 * @param mistakes the wrong predictions of the highest probability, the most confident first
 * @param uncertain the predictions whose two most probable classes are closest together, the closest first
 */
record ExampleImages(String model, String protocol, List<Shown> mistakes, List<Shown> uncertain) {
    private static final int SHOWN = 24;

    /**
     * One image.
     *
     * @param predicted name of the most probable class; null where the model had none (NaN)
     * @param probability of it
     * @param second name of the class after it, with its probability; null and 0 where there is none
     * @param image as a data URI; empty without the dataset
     */
    record Shown(
            String key,
            String label,
            String predicted,
            float probability,
            String second,
            float secondProbability,
            String image) {
        private static Shown of(ScoreLine score, Map<String, String> images) {
            boolean two = score.top().size() > 1;
            return new Shown(
                    score.key(),
                    score.label(),
                    score.predicted(),
                    probabilityOf(score, 0),
                    two ? score.top().get(1).name() : null,
                    probabilityOf(score, 1),
                    images.getOrDefault(score.key(), ""));
        }
    }

    /** Where images come from. */
    interface Thumbnails {
        /** A data URI by key, of those that there are. */
        Map<String, String> of(Set<String> keys) throws IOException;
    }

    /** Of each model and protocol, in the order in which they came. */
    static List<ExampleImages> of(List<ScoreLine> scores, Thumbnails thumbnails) throws IOException {
        record Group(String model, String protocol) {}
        Set<Group> groups = new LinkedHashSet<>();
        scores.forEach(score -> groups.add(new Group(score.model(), score.protocol())));
        List<ExampleImages> all = new ArrayList<>();
        for (Group group : groups) {
            List<ScoreLine> own = scores.stream()
                    .filter(score -> group.equals(new Group(score.model(), score.protocol())))
                    .toList();
            List<ScoreLine> mistakes = first(
                    own.stream().filter(score -> !Objects.equals(score.predicted(), score.label())),
                    Comparator.comparingDouble(score -> -probabilityOf(score, 0)));
            List<ScoreLine> uncertain = first(
                    own.stream(),
                    Comparator.comparingDouble(score -> probabilityOf(score, 0) - probabilityOf(score, 1)));
            Set<String> keys = new LinkedHashSet<>();
            Stream.concat(mistakes.stream(), uncertain.stream()).forEach(score -> keys.add(score.key()));
            Map<String, String> images = thumbnails.of(keys);
            all.add(new ExampleImages(group.model, group.protocol, shown(mistakes, images), shown(uncertain, images)));
        }
        return all;
    }

    private static List<ScoreLine> first(Stream<ScoreLine> scores, Comparator<ScoreLine> order) {
        return scores.sorted(order.thenComparing(ScoreLine::key)).limit(SHOWN).toList();
    }

    private static List<Shown> shown(List<ScoreLine> scores, Map<String, String> images) {
        return scores.stream().map(score -> Shown.of(score, images)).toList();
    }

    private static float probabilityOf(ScoreLine score, int rank) {
        return score.top().size() > rank ? score.top().get(rank).probability() : 0;
    }
}
