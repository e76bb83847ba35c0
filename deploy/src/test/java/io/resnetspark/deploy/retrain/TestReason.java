package io.resnetspark.deploy.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.data.image.Crop;
import io.resnetspark.data.image.Mean;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Statistics;
import io.resnetspark.deploy.registry.Version;
import io.resnetspark.deploy.retrain.RetrainPlan.Reasons;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

class TestReason {
    private static final Reasons RULES = new Reasons(10, 30);
    private static final Dataset.Opened SEEN = data("seen", 100, "a");
    private static final List<Attempt> ATTEMPTS = List.of(attempt(SEEN.dataset().picturesDigest()));

    /** @param shard stands for the pictures' bytes */
    private static Dataset.Opened data(String digest, int pictures, String shard) {
        FileDigest bytes = new FileDigest(1, shard);
        Dataset dataset = new Dataset(
                Dataset.FORMAT,
                "a test",
                "2026-01-01T00:00:00Z",
                32,
                List.of("cat", "dog"),
                Map.of("train", List.of(new Dataset.Shard("train/part-00000.parquet", pictures, bytes))),
                Map.of(),
                new Statistics(pictures, null, null, null, null),
                Map.of(),
                Map.of(),
                "",
                List.of(),
                null,
                bytes);
        return new Dataset.Opened(new Path("/data"), dataset, digest);
    }

    private static Attempt attempt(String picturesDigest) {
        return new Attempt("pets", "", "", SEEN.digest(), 100, picturesDigest, "", null, "/runs/1-a");
    }

    private static Optional<Version> champion(String datasetDigest, int days) {
        Mean mean = Mean.perChannel(new float[3]);
        Provenance provenance = new Provenance(
                Instant.now().minus(Duration.ofDays(days)).toString(), "/data", datasetDigest, 1, 1, 1, 1, "", "", "");
        ModelDescription description = ModelDescription.of(
                "resnet20",
                List.of("cat", "dog"),
                ModelArtifact.evaluation(new Crop.Centre(36, 32), mean),
                List.of(),
                null,
                provenance);
        return Optional.of(new Version("pets", 1, new Path("/models/pets/v1"), description));
    }

    private static Reason reason(Dataset.Opened data, Optional<Version> champion) {
        return Reason.of(RULES, data, champion, ATTEMPTS, Optional.empty(), false);
    }

    private static void given(Reason reason, String words) {
        assertThat(reason).isEqualTo(new Reason(true, words));
    }

    private static void notGiven(Reason reason, String words) {
        assertThat(reason.isGiven()).as(reason.words()).isFalse();
        assertThat(reason.words()).contains(words);
    }

    @Test
    void whoHasNoModelTrains() {
        given(reason(SEEN, Optional.empty()), "there is no champion");
    }

    @Test
    void enoughNewPicturesAreReason() {
        given(reason(data("grown", 110, "b"), champion("seen", 0)), "10 new pictures");
        notGiven(reason(data("grown", 109, "b"), champion("seen", 0)), "there are 9 new pictures (reason.new-pictures");
        notGiven(reason(SEEN, champion("seen", 0)), "there are 0 new pictures");
    }

    @Test
    void aChampionFromElsewhereHasSeenNone() {
        given(reason(SEEN, champion("of somebody else", 0)), "100 new pictures");
    }

    @Test
    void otherPicturesAreReasonAndOthersSetAsideAreNot() {
        String others = "the pictures are others than those that the champion was trained on";
        given(reason(data("corrected", 100, "b"), champion("seen", 0)), others);
        given(reason(data("fewer", 90, "b"), champion("seen", 0)), others);
        notGiven(reason(data("more was bad", 100, "a"), champion("seen", 0)), "there are 0 new pictures");
        notGiven(
                Reason.of(
                        RULES,
                        data("corrected", 100, "b"),
                        champion("seen", 0),
                        List.of(attempt(null)), // as earlier versions recorded it
                        Optional.empty(),
                        false),
                "there are 0 new pictures");
        notGiven(
                Reason.of(
                        new Reasons(0, 0),
                        data("corrected", 100, "b"),
                        champion("seen", 0),
                        ATTEMPTS,
                        Optional.empty(),
                        false),
                "reason.new-pictures = 0");
    }

    @Test
    void ageIsReason() {
        given(reason(SEEN, champion("seen", 30)), "the champion is 30 days old");
        notGiven(reason(SEEN, champion("seen", 29)), "the champion is 29 days old (reason.champion-days = 30)");
    }

    @Test
    void theSameIsNotTriedTwiceUnlessItIsForced() {
        Optional<Outcome> before =
                Optional.of(new Outcome(Outcome.Kind.REFUSED, "pets", "gain too small", null, 1, "/runs/1-a", null));
        notGiven(
                Reason.of(RULES, data("grown", 200, "b"), champion("seen", 40), ATTEMPTS, before, false),
                "were tried before, in /runs/1-a: gain too small; --force tries again");
        given(Reason.of(RULES, SEEN, champion("seen", 0), ATTEMPTS, before, true), "--force");
    }
}
