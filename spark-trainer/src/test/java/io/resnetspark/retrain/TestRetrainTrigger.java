package io.resnetspark.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.ChangeHistory;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.ShardSnapshot;
import io.resnetspark.dataset.Statistics;
import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.retrain.RetrainPlan.Trigger;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

class TestRetrainTrigger {
    private static final Trigger RULES = new Trigger(10, 30);
    private static final Dataset.Opened SEEN = data("seen", 100, "a");
    private static final List<RetrainingRun> ATTEMPTS =
            List.of(attempt(null), attempt(ShardSnapshot.of(SEEN.dataset())));

    /** @param shards the digest of each, of as many images */
    private static Dataset.Opened data(String digest, int images, String... shards) {
        return data(List.of("cat", "dog"), digest, images, shards);
    }

    private static Dataset.Opened data(List<String> classes, String digest, int images, String... shards) {
        return data(classes, null, digest, images, shards);
    }

    private static Dataset.Opened data(
            List<String> classes, ChangeHistory history, String digest, int images, String... shards) {
        FileDigest bytes = new FileDigest(1, "mean");
        List<Dataset.Shard> train = Arrays.stream(shards)
                .map(shard -> new Dataset.Shard("train/" + shard, images / shards.length, new FileDigest(1, shard)))
                .toList();
        Dataset dataset = new Dataset(
                Dataset.FORMAT,
                "a test",
                "2026-01-01T00:00:00Z",
                32,
                classes,
                Map.of("train", train),
                Map.of(),
                new Statistics(images, null, null, null, null),
                Map.of(),
                Map.of(),
                "",
                List.of(),
                null,
                bytes,
                1,
                null,
                history);
        return new Dataset.Opened(new Path("/data"), dataset, digest);
    }

    /** @param snapshot null as earlier versions recorded it */
    private static RetrainingRun attempt(ShardSnapshot snapshot) {
        return new RetrainingRun("pets", "", "", SEEN.digest(), 100, snapshot, null, "", null, "/runs/1-a");
    }

    /** As it is recorded now. */
    private static RetrainingRun attempt(ShardSnapshot snapshot, ChangeHistory history) {
        return new RetrainingRun("pets", "", "", SEEN.digest(), 100, snapshot, history, "", null, "/runs/1-a");
    }

    private static Optional<ModelVersion> champion(String datasetDigest, int days) {
        Normalization mean = Normalization.perChannel(new float[3]);
        Provenance provenance = new Provenance(
                Instant.now().minus(Duration.ofDays(days)).toString(), "/data", datasetDigest, 1, 1, 1, 1, "", "", "");
        ModelDescription description = ModelDescription.of(
                "resnet20",
                List.of("cat", "dog"),
                ModelArtifact.evaluation(new Crop.CenterCrop(36, 32), mean),
                List.of(),
                null,
                provenance);
        return Optional.of(new ModelVersion("pets", 1, new Path("/models/pets/v1"), description));
    }

    private static RetrainTrigger reason(Dataset.Opened data, Optional<ModelVersion> champion) {
        return reason(RULES, data, champion, ATTEMPTS);
    }

    private static RetrainTrigger reason(
            Trigger rules, Dataset.Opened data, Optional<ModelVersion> champion, List<RetrainingRun> attempts) {
        return RetrainTrigger.of(rules, data, champion, attempts, Optional.empty(), false);
    }

    private static void given(RetrainTrigger reason, String words) {
        assertThat(reason).isEqualTo(new RetrainTrigger(true, words));
    }

    private static void notGiven(RetrainTrigger reason, String words) {
        assertThat(reason.isGiven()).as(reason.words()).isFalse();
        assertThat(reason.words()).contains(words);
    }

    @Test
    void whoHasNoModelTrains() {
        given(reason(SEEN, Optional.empty()), "there is no champion");
    }

    @Test
    void enoughNewImagesAreReason() {
        given(reason(data("grown", 110, "a", "b"), champion("seen", 0)), "10 new images");
        notGiven(
                reason(data("grown", 108, "a", "b"), champion("seen", 0)),
                "the dataset has 8 new images (trigger.new-images");
        notGiven(reason(SEEN, champion("seen", 0)), "the dataset has 0 new images");
    }

    @Test
    void aChampionFromElsewhereHasSeenNone() {
        given(reason(SEEN, champion("of somebody else", 0)), "100 new images");
    }

    @Test
    void aDatasetPreparedAnewIsReasonAndFilesSetAsideAreNot() {
        String anew = "the dataset was prepared anew since the champion was trained";
        given(reason(data("corrected", 100, "b"), champion("seen", 0)), anew);
        given(reason(data("fewer", 90, "b"), champion("seen", 0)), anew);
        given(reason(data("a few more", 104, "b", "c"), champion("seen", 0)), anew);
        notGiven(reason(data("more was bad", 100, "a"), champion("seen", 0)), "the dataset has 0 new images");
    }

    @Test
    void otherClassesAreReasonAndAreNamed() {
        List<String> others = List.of("cat", "cow");
        given(
                reason(data(others, "changed", 100, "b"), champion("seen", 0)),
                "1 new class: cow; 1 class is gone: dog; the dataset was prepared anew since the champion was trained");
        given(
                reason(data(List.of("cat", "cow", "dog"), "more", 100, "b"), champion("of somebody else", 0)),
                "1 new class: cow; 100 new images");
        notGiven(
                reason(new Trigger(0, 0), data(others, "changed", 100, "b"), champion("seen", 0), ATTEMPTS),
                "trigger.new-images = 0");
    }

    /** Ten are enough; nine are not, though shards were written anew. */
    @Test
    void whatWentOrChangedCountsAsWhatCame() {
        List<String> classes = SEEN.dataset().classes();
        ChangeHistory then = new ChangeHistory("2026-01-01T00:00:00Z", 5, 1, 0);
        List<RetrainingRun> recorded = List.of(attempt(ShardSnapshot.of(SEEN.dataset()), then));
        Dataset.Opened less = data(classes, then.plus(1, 5, 3), "changed", 96, "b");
        notGiven(
                reason(RULES, less, champion("seen", 0), recorded),
                "the dataset has 1 new image, 5 removed, 3 changed (trigger.new-images");
        Dataset.Opened more = data(classes, then.plus(1, 6, 3), "changed", 95, "b");
        given(reason(RULES, more, champion("seen", 0), recorded), "1 new image, 6 removed, 3 changed");
        Dataset.Opened anew = data(classes, new ChangeHistory("2026-02-02T00:00:00Z", 6, 7, 3), "anew", 100, "b");
        given(
                reason(RULES, anew, champion("seen", 0), recorded),
                "the dataset was prepared anew since the champion was trained");
    }

    /** They teach nothing. */
    @Test
    void imagesToTestOnAreNoReason() {
        List<RetrainingRun> recorded =
                List.of(attempt(ShardSnapshot.of(SEEN.dataset()), SEEN.dataset().history()));
        Dataset old = SEEN.dataset();
        Map<String, List<Dataset.Shard>> splits = new HashMap<>(old.splits());
        splits.put("test", List.of(new Dataset.Shard("test/a", 500, new FileDigest(1, "t"))));
        Dataset tested = new Dataset(
                old.format(),
                old.source(),
                old.created(),
                old.side(),
                old.classes(),
                splits,
                old.images(),
                old.statistics(),
                old.shorterSides(),
                old.quarantined(),
                old.settings(),
                old.runs(),
                old.meanImageFile(),
                old.meanImage(),
                old.version(),
                old.change(),
                old.history().plus(500, 0, 0));
        notGiven(
                reason(RULES, new Dataset.Opened(SEEN.path(), tested, "tested"), champion("seen", 0), recorded),
                "the dataset has 0 new images");
    }

    @Test
    void withoutARecordOfItsShardsOnlyNumbersTell() {
        notGiven(
                reason(RULES, data("corrected", 100, "b"), champion("seen", 0), List.of(attempt(null))),
                "the dataset has 0 new images");
    }

    @Test
    void newDataMayBeNoReason() {
        Trigger never = new Trigger(0, 0);
        notGiven(reason(never, data("corrected", 100, "b"), champion("seen", 0), ATTEMPTS), "trigger.new-images = 0");
    }

    @Test
    void theSameImagesAreKnownWhateverIsSetAsideBesideThem() {
        RetrainingRun seen = ATTEMPTS.get(1);
        assertThat(seen.sees(SEEN)).isTrue();
        assertThat(seen.sees(data("more was bad", 100, "a"))).isTrue();
        assertThat(seen.sees(data("grown", 110, "a", "b"))).isFalse();
        assertThat(attempt(null).sees(data("more was bad", 100, "a"))).isFalse();
    }

    @Test
    void ageIsReason() {
        given(reason(SEEN, champion("seen", 30)), "the champion is 30 days old");
        notGiven(
                reason(SEEN, champion("seen", 29)), "the champion is 29 days old (trigger.max-champion-age-days = 30)");
    }

    @Test
    void theSameIsNotTriedTwiceUnlessItIsForced() {
        Optional<Outcome> before =
                Optional.of(new Outcome(Outcome.Kind.REFUSED, "pets", "gain too small", null, 1, "/runs/1-a", null));
        notGiven(
                RetrainTrigger.of(RULES, data("grown", 200, "a", "b"), champion("seen", 40), ATTEMPTS, before, false),
                "were tried before, in /runs/1-a: gain too small; they are tried again if that is forced");
        given(RetrainTrigger.of(RULES, SEEN, champion("seen", 0), ATTEMPTS, before, true), "forced");
    }
}
