package io.resnetspark.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.storage.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What retraining recorded with the field names of earlier versions is read. */
class TestEarlierRecords {
    private static final String ATTEMPT = """
            {
              "model" : "pets",
              "begun" : "2026-11-20T01:00:00Z",
              "why" : "12 new pictures",
              "data_digest" : "DIGEST",
              "pictures" : 120,
              "recipe" : "seed = 1, batch = 8",
              "champion" : 3,
              "run" : "RUN"
            }
            """;

    private static final String RESULT = """
            { "protocol" : "one-crop", "split" : "val", "count" : 40, "correct" : %d, "top1_error" : 0.25, "top5_error" : 0.0,
              "cross_entropy" : 0.7, "images_per_second" : 100.0 }
            """;

    @TempDir
    Path folder;

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    @Test
    void anUnfinishedAttemptIsFoundAndResumed() throws Exception {
        RetrainingRuns runs = runs();
        RetrainingRun attempt = runs.unfinished("pets").orElseThrow();
        assertThat(attempt.started()).isEqualTo("2026-11-20T01:00:00Z");
        assertThat(attempt.reason()).isEqualTo("12 new pictures");
        assertThat(attempt.images()).isEqualTo(120);
        assertThat(attempt.isFor("0".repeat(64), "seed = 1, batch-size = 8", Optional.of(3)))
                .isTrue();
        assertThat(Json.PRETTY.writeValueAsString(attempt))
                .contains("\"started\"", "\"reason\"", "\"images\"")
                .doesNotContain("begun", "why", "\"pictures\"");
    }

    private RetrainingRuns runs() throws Exception {
        Path run = Files.createDirectories(folder.resolve("1-0a1b2c3d"));
        Files.createDirectories(folder.resolve("attempts"));
        Files.writeString(
                folder.resolve("attempts/00000001.json"),
                ATTEMPT.replace("DIGEST", "0".repeat(64))
                        .replace("RUN", hadoop(run).toString()));
        return new RetrainingRuns(hadoop(folder), new Configuration());
    }

    @Test
    void anOutcomeEndsItsAttempt() throws Exception {
        RetrainingRuns runs = runs();
        Path file = folder.resolve("1-0a1b2c3d/outcome.json");
        Files.writeString(file, "{ \"outcome\" : \"refused\", \"name\" : \"pets\", \"why\" : \"a tie\" }");
        assertThat(runs.unfinished("pets")).isEmpty();
        assertThat(Json.read(hadoop(file), Outcome.class, new Configuration()).reason())
                .isEqualTo("a tie");
    }

    @Test
    void aVerdictCountsImages() throws Exception {
        Path file = folder.resolve("verdict.json");
        Files.writeString(
                file,
                "{ \"challenger\" : " + String.format(RESULT, 30) + ", \"champion\" : " + String.format(RESULT, 31)
                        + ", \"gain\" : -0.025, \"worst_class\" : { \"label\" : \"cat\", \"pictures\" : 20,"
                        + " \"champion\" : 0.8, \"challenger\" : 0.75 }, \"problems\" : [ \"a loss\" ] }");
        Gate.Verdict verdict = Json.read(hadoop(file), Gate.Verdict.class, new Configuration());
        assertThat(verdict.passes()).isFalse();
        assertThat(verdict.worstClass().images()).isEqualTo(20);
        assertThat(verdict.worstClass().loss()).isEqualTo(0.05);
        assertThat(verdict.challenger().correct()).isEqualTo(30);
    }

    @Test
    void anEventOfTheRegistryHasItsMessage() throws Exception {
        String event = "{ \"at\" : \"2026-11-20T01:00:00Z\", \"by\" : \"me@here\", \"action\" : \"promote\","
                + " \"version\" : 3, \"why\" : \"12 new pictures\" }";
        assertThat(Json.PRETTY.readValue(event, RegistryEvent.class).message()).isEqualTo("12 new pictures");
    }
}
