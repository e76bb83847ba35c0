package io.resnetspark.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Aliases, retention, and the record of both. */
class TestModelEvents {
    private static final ChangeRequest WHY = ChangeRequest.byHand("a test");

    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    private ModelArtifact artifact;
    private RegisteredModel cats;

    @BeforeEach
    void publish() throws IOException {
        artifact = Models.write(
                new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), conf);
        cats = new Registry(
                        new org.apache.hadoop.fs.Path(folder.resolve("registry").toUri()), conf)
                .model("cats");
        for (int i = 0; i < 4; i++) {
            cats.publish(artifact, WHY);
        }
    }

    private void promote(String version, String alias) throws IOException {
        cats.promote(cats.find(version), alias, WHY);
    }

    @Test
    void championAndPreviousAndBack() throws IOException {
        assertThat(cats.champion()).isEmpty();
        promote("1", "champion");
        assertThat(cats.events().aliases()).isEqualTo(Map.of("champion", 1));
        promote("v3", "champion");
        assertThat(cats.events().aliases()).isEqualTo(Map.of("champion", 3, "previous", 1));
        assertThat(cats.find("champion").number()).isEqualTo(3);
        cats.events().rollback(WHY.because("it barks"));
        assertThat(cats.events().aliases()).isEqualTo(Map.of("champion", 1, "previous", 3));
        promote("champion", "staging");
        assertThat(cats.find("staging").number()).isEqualTo(1);
        cats.events().removeAlias("staging", WHY);
        assertThatThrownBy(() -> cats.find("staging"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is no version 'staging'")
                .hasMessageContaining("champion=1");
        assertThat(cats.history())
                .extracting(event -> event.action().name())
                .containsExactly(
                        "PUBLISH",
                        "PUBLISH",
                        "PUBLISH",
                        "PUBLISH",
                        "PROMOTE",
                        "PROMOTE",
                        "ROLLBACK",
                        "PROMOTE",
                        "REMOVE_ALIAS");
        assertThat(cats.history().get(6).message()).isEqualTo("it barks");
        assertThat(cats.history()).allMatch(event -> event.by().contains("@") && event.at() != null);
    }

    @Test
    void rollbackWithoutAChampionMakesThePreviousOneChampion() throws IOException {
        promote("1", "champion");
        promote("2", "champion");
        cats.events().removeAlias("champion", WHY);
        cats.events().rollback(WHY);
        assertThat(cats.events().aliases()).isEqualTo(Map.of("champion", 1));
    }

    /** A damaged newest version must not keep anybody from the champion. */
    @Test
    void theChampionIsFoundWhateverTheNewestIs() throws IOException {
        promote("1", "champion");
        Files.writeString(folder.resolve("registry/cats/v4/manifest.json"), "{");
        Registry registry = new Registry(
                new org.apache.hadoop.fs.Path(folder.resolve("registry").toUri()), conf);
        assertThat(registry.find("cats@champion").number()).isEqualTo(1);
        assertThatThrownBy(() -> registry.find("cats")).isInstanceOf(DamagedException.class);
    }

    /** Found and verified before two prunes; recorded after them. */
    @Test
    void whatWasPrunedLongAgoIsNotPromoted() throws IOException {
        ModelVersion found = cats.find("2");
        cats.prune(1, WHY);
        cats.publish(artifact, WHY);
        cats.prune(1, WHY);
        assertThatThrownBy(() -> cats.events().promote(found.number(), "champion", ModelEvents.Expectation.ANY, WHY))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("was pruned meanwhile");
    }

    @Test
    void promotingTheChampionAgainKeepsPrevious() throws IOException {
        promote("1", "champion");
        promote("2", "champion");
        promote("2", "champion");
        assertThat(cats.events().aliases()).isEqualTo(Map.of("champion", 2, "previous", 1));
    }

    @Test
    void aDamagedVersionIsNotPromoted() throws IOException {
        promote("1", "champion");
        Files.writeString(folder.resolve("registry/cats/v2/classes.txt"), "cow\npig\n");
        assertThatThrownBy(() -> promote("2", "champion"))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("classes.txt");
        assertThat(cats.champion().orElseThrow().number()).isEqualTo(1);
    }

    @Test
    void namesThatCannotBe() {
        for (String alias : List.of("v7", "7", "Champion", "a/b", "x", "..", "previous ")) {
            assertThatThrownBy(() -> promote("1", alias))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("cannot be an alias");
        }
        assertThatThrownBy(() -> cats.rollback(WHY))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("no previous champion to go back to");
    }

    @Test
    void aDecisionHoldsOnlyAgainstTheChampionThatItWasAbout() throws IOException {
        promote("1", "champion");
        promote("2", "champion");
        assertThatThrownBy(() -> cats.succeed(cats.find("3"), Optional.of(1), WHY))
                .isInstanceOf(ChampionChangedException.class)
                .hasMessageContaining("was version 1 when this began and is version 2 now");
        assertThatThrownBy(() -> cats.succeed(cats.find("3"), Optional.empty(), WHY))
                .isInstanceOf(ChampionChangedException.class);
        cats.succeed(cats.find("3"), Optional.of(2), WHY);
        assertThat(cats.champion().orElseThrow().number()).isEqualTo(3);
    }

    @Test
    void retentionSparesWhatHasANameAndTheNewest() throws IOException {
        promote("1", "champion");
        promote("2", "staging");
        assertThat(cats.prunable(1)).containsExactly(3);
        assertThat(cats.prune(1, WHY)).containsExactly(3);
        assertThat(cats.numbers()).containsExactly(1, 2, 4);
        assertThat(folder.resolve("registry/cats/v3").toFile().list()).containsExactly("published.json");
        assertThat(cats.prune(1, WHY)).isEmpty();
        assertThat(cats.publish(artifact, WHY).number()).isEqualTo(5);
        assertThatThrownBy(() -> cats.prune(0, WHY)).isInstanceOf(BadInputException.class);
        assertThatThrownBy(() -> cats.find("3"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("there are [1, 2, 4, 5]");
    }

    /** A prune that was killed after its event: nobody finds the version, though its folder is there. */
    @Test
    void whatIsGivenUpIsGoneBeforeItIsDeleted() throws IOException {
        cats.events().prune(1, List.of(1, 2, 3, 4), WHY);
        assertThat(folder.resolve("registry/cats/v2")).exists();
        assertThat(cats.numbers()).containsExactly(4);
        assertThatThrownBy(() -> cats.events().promote(2, "champion", ModelEvents.Expectation.ANY, WHY))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("was pruned meanwhile");
        cats.prune(4, WHY);
        assertThat(folder.resolve("registry/cats/v2").toFile().list()).containsExactly("published.json");
        assertThat(cats.publish(artifact, WHY).number()).isEqualTo(5);
    }

    /** 200 switches while four others read: each sees a version that is whole. */
    @Test
    void readersSeeWholeVersionsWhileTheAliasIsSwitched() throws Exception {
        promote("1", "champion");
        ExecutorService readers = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> reads = IntStream.range(0, 4)
                    .mapToObj(i -> readers.submit(this::readUntilTheEnd))
                    .toList();
            for (int i = 0; i < 200; i++) {
                cats.events().promote(1 + i % 4, "champion", ModelEvents.Expectation.ANY, WHY);
            }
            promote("4", "end");
            for (Future<Integer> read : reads) {
                assertThat(read.get()).isPositive();
            }
        } finally {
            readers.shutdown();
        }
        assertThat(cats.history()).hasSize(4 + 202);
    }

    private int readUntilTheEnd() throws IOException {
        int reads = 0;
        while (!cats.events().aliases().containsKey("end")) {
            ModelArtifact.open(cats.champion().orElseThrow().path(), conf);
            reads++;
        }
        return reads;
    }

    @Test
    void whatKilledWritersLeftIsSweptOnceItIsOld() throws IOException {
        Path old = Files.createDirectories(folder.resolve("registry/cats/.v9.writing-1"));
        Path young = Files.createDirectories(folder.resolve("registry/cats/.v9.writing-2"));
        Files.setLastModifiedTime(
                old,
                java.nio.file.attribute.FileTime.from(java.time.Instant.now().minus(java.time.Duration.ofDays(3))));
        cats.prune(4, WHY);
        assertThat(old).doesNotExist();
        assertThat(young).exists();
    }

    @Test
    void versionsSayInWhatTheyDiffer() throws IOException {
        assertThat(VersionDiff.between(cats.find("1"), cats.find("2"), conf)).isEmpty();
        Files.writeString(folder.resolve("registry/cats/v2/recipe.conf"), "seed = 2\nepochs = 3\n");
        assertThat(VersionDiff.between(cats.find("1"), cats.find("2"), conf))
                .containsExactly(
                        new VersionDiff.Line("recipe.epochs", null, "3"),
                        new VersionDiff.Line("recipe.seed", "1", "2"));
    }
}
