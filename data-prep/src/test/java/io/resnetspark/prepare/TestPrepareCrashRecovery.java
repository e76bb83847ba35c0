package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A job is killed while it updates a dataset, and the next job recovers. */
@Tag("slow")
class TestPrepareCrashRecovery {
    @TempDir
    static Path folder;

    private static JavaSparkContext spark;
    private static SmallCorpus corpus;
    /** The second version, and the third as an uninterrupted job makes it. */
    private static Dataset before;

    private static Dataset whole;

    /** Two versions, from which a third is made; each test works on a copy. */
    @BeforeAll
    static void start() throws IOException {
        spark = SyntheticCorpora.spark("local[2]");
        CrashingFileSystem.mount(spark);
        corpus = new SmallCorpus(spark, folder);
        corpus.write(0, 20);
        Files.writeString(corpus.file("red/text.txt"), "no image");
        Files.copy(corpus.file("blue/4.png"), corpus.file("blue/twin.png"));
        corpus.prepare();
        Files.delete(corpus.file("red/1.png"));
        before = corpus.prepare().dataset();
        FileUtils.copyDirectory(at("data"), at("second"));

        Files.delete(corpus.file("red/3.png"));
        Files.delete(corpus.file("blue/4.png")); // its duplicate is restored
        Files.delete(corpus.file("red/text.txt"));
        Files.writeString(corpus.file("blue/text.txt"), "no image either");
        corpus.image("red/7.png", 0, 9_999);
        corpus.image("red/new.png", 0, 9_998);
        whole = corpus.prepare().dataset();
        assertThat(whole.change()).isEqualTo(new Dataset.Change(2, 2, 1, List.of(), List.of()));
        assertThat(corpus.rows(whole)).hasSize(39);
        assertThat(files(at("second"))).contains("quarantine/red/text.txt");
        assertThat(files(at("data"))).doesNotContain("quarantine/red/text.txt", "superseded.json");
        FileUtils.moveDirectory(at("data"), at("whole"));
        FileUtils.moveDirectory(at("second"), at("data"));
        corpus.save();
    }

    @AfterAll
    static void stop() throws IOException {
        spark.close();
        CrashingFileSystem.unmount();
    }

    @BeforeEach
    void begin() throws IOException {
        corpus.restore();
    }

    private static java.io.File at(String name) {
        return folder.resolve(name).toFile();
    }

    private static List<String> files(java.io.File below) throws IOException {
        Path root = below.toPath();
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    private static void isKilledBefore(String act) {
        CrashingFileSystem.crashBefore(act);
        assertThatThrownBy(corpus::prepare).hasStackTraceContaining("killed");
        assertThat(CrashingFileSystem.restart()).isTrue();
    }

    /** All fields except the creation time. */
    private static ObjectNode content(Dataset dataset) throws IOException {
        ObjectNode json = (ObjectNode) Json.PRETTY.readTree(dataset.json());
        json.remove("created");
        return json;
    }

    /** A sample of the actions, which take a second or two each; {@code -Dfaults.all=true} for all. */
    static Stream<String> acts() {
        Stream<String> usual = Stream.of(
                "create .*/train/\\.rest-.*", // half of a shard is written
                "move .*/data/mean-image-v3\\.f32", // some files have been moved
                "move .*/data/dataset\\.json", // all other files have been moved
                "then delete .*/data/train/.*",
                "then delete .*/data/quarantine/.*");
        Stream<String> others = Stream.of(
                "move .*-unfinished/train/rest-.*",
                "create .*-unfinished/train/\\.part-.*",
                "create .*-unfinished/superseded\\.json",
                "create .*-unfinished/dataset\\.json",
                "then delete .*-unfinished",
                "then delete .*/data/superseded\\.json");
        return Boolean.getBoolean("faults.all") ? Stream.concat(usual, others) : usual;
    }

    @ParameterizedTest
    @MethodSource("acts")
    void nextJobGivesTheResultOfAnUninterruptedOne(String act) throws IOException {
        isKilledBefore(act);
        boolean put = act.startsWith("then");
        assertThat(corpus.open().dataset().version()).isEqualTo(put ? 3 : 2);
        assertThat(corpus.rows(before))
                .as("what readers of the second version find")
                .hasSize(39);

        Prepare.Outcome outcome = corpus.prepare();
        assertThat(outcome.change()).isEqualTo(put ? Dataset.Change.NONE : whole.change());
        assertThat(content(corpus.open().dataset())).isEqualTo(content(whole));
        assertThat(corpus.rows(outcome.dataset())).hasSize(39).containsKeys("red/new.png", "blue/twin.png");
        assertThat(Verification.problems(spark, corpus.open(), Progress.silent()))
                .isEmpty();
        assertThat(corpus.rows(before))
                .as("what readers of the second version find")
                .hasSize(39);
        assertThat(files(at("data"))).isEqualTo(files(at("whole")));
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data", SmallCorpus.KEPT, "whole");
    }

    /** Its quarantine table is already in the dataset, under the name that the next one will have. */
    @Test
    void quarantineOfAKilledJobHasNoEffect() throws IOException {
        isKilledBefore("move .*/data/dataset\\.json");
        assertThat(files(at("data"))).contains("quarantine/reasons-v3.tsv");
        corpus.image("blue/text.txt", 2, 9_997); // whatever its name
        Dataset third = corpus.prepare().dataset();
        assertThat(third.quarantined()).isEmpty();
        assertThat(corpus.rows(third)).hasSize(40).containsKey("blue/text.txt");
        assertThat(files(at("data"))).noneMatch(file -> file.startsWith("quarantine"));
        Files.delete(corpus.file("blue/twin.png"));
        Dataset fourth = corpus.prepare().dataset();
        assertThat(fourth.quarantined()).isEmpty();
        assertThat(corpus.rows(fourth)).hasSize(39).containsKey("blue/text.txt");
    }

    /** A user who can write to a dataset cannot have other files deleted. */
    @Test
    void nothingOutsideTheDatasetIsDeleted() throws IOException {
        Path other = Files.writeString(folder.resolve("other"), "of somebody else");
        Files.writeString(
                folder.resolve("data/superseded.json"), "{\"version\": 2, \"files\": [\"train/../../other\"]}");
        assertThatThrownBy(corpus::prepare).hasMessageContaining("train/../../other is no file of this dataset");
        assertThat(other).exists();
        Files.delete(other);
        FileUtils.deleteDirectory(at(".data.preparing"));
    }
}
