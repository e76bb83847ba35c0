package io.resnetspark.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.Corpora;
import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Pictures;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.data.shard.Statistics;
import io.resnetspark.data.source.Sources;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dataset follows its corpus: what is deleted, changed, or of a new class. */
@Tag("slow")
class TestPrepareFollows {
    private static final PrepareSettings SETTINGS = new PrepareSettings(480, 20_000, 0.2);
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = Corpora.spark("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    }

    private Path file(String key) {
        return folder.resolve("corpus").resolve(key);
    }

    private void picture(String key, int hue, int seed) throws IOException {
        Files.createDirectories(file(key).getParent());
        Files.write(file(key), Codec.png(Pictures.ofClass(hue, 40, 30, seed)));
    }

    private void corpus(int perClass) throws IOException {
        for (int i = 0; i < perClass; i++) {
            picture("blue/" + i + ".png", 2, i);
            picture("red/" + i + ".png", 0, 1000 + i);
        }
    }

    private Prepare.Outcome prepare(String layout, String from, PrepareSettings settings) throws IOException {
        return new Prepare(
                        spark,
                        Sources.open(layout, hadoop(from), spark.hadoopConfiguration()),
                        hadoop("data"),
                        settings)
                .run(Progress.silent());
    }

    private Prepare.Outcome prepare() throws IOException {
        return prepare("folders", "corpus", SETTINGS);
    }

    private record Row(Split split, Example example) {}

    /** Everything in a dataset, by key; its sums, counts and files are held to what is in it. */
    private Map<String, Row> rows(Dataset dataset) throws IOException {
        Map<String, Row> rows = new TreeMap<>();
        PixelSums sums = new PixelSums(dataset.side());
        for (Split split : Split.values()) {
            long[] counts = new long[dataset.classes().size()];
            for (Shard shard : dataset.shards(split)) {
                for (Example example : read(shard)) {
                    assertThat(rows.put(example.key(), new Row(split, example))).isNull();
                    counts[example.label()]++;
                    if (split == Split.TRAIN) {
                        Measures measures = new Measures(dataset.side());
                        measures.add(split, example);
                        sums.merge(measures.pixels());
                    }
                }
            }
            assertThat(dataset.images(split))
                    .containsExactly(LongStream.of(counts).boxed().toArray(Long[]::new));
        }
        Statistics statistics = sums.statistics();
        assertThat(dataset.statistics().pictures()).isEqualTo(dataset.examples(Split.TRAIN));
        for (int c = 0; c < 3; c++) {
            assertThat(dataset.statistics().mean()[c]).isCloseTo(statistics.mean()[c], within(1e-9));
            assertThat(dataset.statistics().covariance()[c][0])
                    .isCloseTo(statistics.covariance()[c][0], within(1e-6));
        }
        assertThat(dataset.meanImageValues(hadoop("data"), spark.hadoopConfiguration()))
                .containsExactly(sums.meanImage(), within(1e-4f));
        assertThat(dataset.shorterSides().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isEqualTo(dataset.examples());
        assertThat(Dataset.open(hadoop("data"), spark.hadoopConfiguration())
                        .dataset()
                        .json())
                .isEqualTo(dataset.json());
        return rows;
    }

    private List<Example> read(Shard shard) throws IOException {
        return Shards.read(
                new org.apache.hadoop.fs.Path(hadoop("data"), shard.path()),
                shard.digest(),
                spark.hadoopConfiguration());
    }

    private static List<Shard> shards(Dataset dataset) {
        return dataset.splits().values().stream().flatMap(List::stream).toList();
    }

    private void splitsAreAsTheyWere(Map<String, Row> before, Map<String, Row> after) {
        after.forEach((key, row) -> {
            if (before.containsKey(key)) {
                assertThat(row.split()).as(key).isEqualTo(before.get(key).split());
            }
        });
    }

    @Test
    void deletedAndChangedPicturesAreFollowed() throws IOException {
        corpus(40);
        Dataset first = prepare().dataset();
        Map<String, Row> before = rows(first);
        String validated = before.keySet().stream()
                .filter(key -> before.get(key).split() == Split.VAL)
                .findFirst()
                .orElseThrow();
        Files.delete(file("red/3.png"));
        Files.delete(file("blue/5.png"));
        picture("red/7.png", 0, 9_999);
        picture(validated, 1, 9_998);
        picture("red/new.png", 0, 9_997);

        Prepare.Outcome outcome = prepare();
        Dataset second = outcome.dataset();
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(1, 2, 2, List.of(), List.of()));
        assertThat(second.change()).isEqualTo(outcome.change());
        assertThat(List.of(first.version(), second.version())).containsExactly(1, 2);
        Map<String, Row> after = rows(second);
        assertThat(after).hasSize(79).containsKey("red/new.png").doesNotContainKeys("red/3.png", "blue/5.png");
        assertThat(after.get("red/7.png").example().bytes()).isEqualTo(Files.readAllBytes(file("red/7.png")));
        splitsAreAsTheyWere(before, after);

        // Only the shards that must be were written anew, and who reads the first version still can.
        List<String> moved = List.of("red/3.png", "blue/5.png", "red/7.png", validated);
        for (Shard shard : shards(first)) {
            boolean affected = read(shard).stream().anyMatch(example -> moved.contains(example.key()));
            assertThat(shards(second).contains(shard)).isNotEqualTo(affected);
        }
        assertThat(prepare().change()).isEqualTo(Dataset.Change.NONE);

        picture("red/newer.png", 0, 9_996);
        Dataset third = prepare().dataset();
        assertThat(rows(third)).hasSize(80);
        try (Stream<Path> files = Files.list(folder.resolve("data/train"))) {
            assertThat(files.map(file -> "train/" + file.getFileName()).toList())
                    .containsExactlyInAnyOrderElementsOf(
                            third.shards(Split.TRAIN).stream().map(Shard::path).toList());
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data");
    }

    @Test
    void aDoubleComesBackWhenItsTwinIsDeletedAndTheQuarantineFollows() throws IOException {
        corpus(20);
        Files.copy(file("red/4.png"), file("red/twin.png"));
        Files.copy(file("blue/4.png"), file("red/contradiction.png"));
        Files.writeString(file("red/text.txt"), "no picture");
        Files.writeString(file("blue/text.txt"), "none either");
        Dataset first = prepare().dataset();
        assertThat(rows(first)).hasSize(39).doesNotContainKeys("red/twin.png", "blue/4.png");
        assertThat(first.bad()).isEqualTo(5);
        assertThat(first.duplicates()).isEqualTo(3);

        Files.delete(file("red/4.png"));
        Files.delete(file("red/contradiction.png"));
        Files.delete(file("red/text.txt"));
        Dataset second = prepare().dataset();
        assertThat(rows(second)).hasSize(40).containsKeys("red/twin.png", "blue/4.png");
        assertThat(second.change()).isEqualTo(new Dataset.Change(2, 1, 0, List.of(), List.of()));
        assertThat(second.quarantined()).containsExactly(Map.entry("not a picture", 1));
        try (Stream<Path> tables = Files.list(folder.resolve("data/quarantine"))) {
            assertThat(tables.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("reasons")))
                    .containsExactly("reasons-v2.tsv");
        }
        assertThat(Files.readString(folder.resolve("data/quarantine/reasons-v2.tsv")))
                .startsWith("blue/text.txt\tnot a picture");
        assertThat(folder.resolve("data/quarantine/blue/text.txt")).exists();
        for (String gone : List.of("red/twin.png", "blue/4.png", "red/contradiction.png", "red/text.txt")) {
            assertThat(folder.resolve("data/quarantine").resolve(gone)).doesNotExist();
        }
        assertThat(prepare().change()).isEqualTo(Dataset.Change.NONE);
    }

    @Test
    void aCorpusThatVanishedIsNotFollowed() throws IOException {
        corpus(10);
        Dataset first = prepare().dataset();
        for (int i = 0; i < 3; i++) {
            Files.delete(file("red/" + i + ".png"));
        }
        assertThatThrownBy(this::prepare)
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("3 of the dataset's 20 pictures (15.0 %)", "--max-removed-fraction 0.15");
        assertThat(rows(first)).hasSize(20);
        for (String name : List.of("red", "blue")) {
            try (Stream<Path> all = Files.list(file(name))) {
                for (Path each : all.toList()) {
                    Files.delete(each);
                }
            }
        }
        assertThatThrownBy(this::prepare)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("20 of the dataset's 20 pictures (100.0 %)");
        corpus(10);
        Files.delete(file("red/1.png"));
        Files.delete(file("red/2.png"));
        Files.delete(file("blue/2.png"));
        Dataset second = prepare("folders", "corpus", SETTINGS.withMaxRemovedFraction(0.15))
                .dataset();
        assertThat(rows(second)).hasSize(17);
    }

    @Test
    void aNewClassMakesANewVersionWithOtherLabels() throws IOException {
        corpus(20);
        Map<String, Row> before = rows(prepare().dataset());
        for (int i = 0; i < 15; i++) {
            picture("green/" + i + ".png", 1, 2000 + i);
        }
        Dataset second = prepare().dataset();
        assertThat(second.classes()).containsExactly("blue", "green", "red");
        assertThat(second.change()).isEqualTo(new Dataset.Change(15, 0, 0, List.of("green"), List.of()));
        assertThat(second.version()).isEqualTo(2);
        Map<String, Row> rows = rows(second);
        assertThat(rows).hasSize(55);
        rows.forEach((key, row) ->
                assertThat(second.classes().get(row.example().label())).isEqualTo(key.substring(0, key.indexOf('/'))));
        splitsAreAsTheyWere(before, rows);
        assertThat(second.images(Split.VAL)).containsExactly(2L, 2L, 2L);

        for (int i = 0; i < 20; i++) {
            Files.delete(file("blue/" + i + ".png"));
        }
        Files.delete(file("blue"));
        Dataset third = prepare("folders", "corpus", SETTINGS.withMaxRemovedFraction(0.5))
                .dataset();
        assertThat(third.classes()).containsExactly("green", "red");
        assertThat(third.change()).isEqualTo(new Dataset.Change(0, 20, 0, List.of(), List.of("blue")));
        Map<String, Row> left = rows(third);
        assertThat(left).hasSize(35);
        left.forEach((key, row) -> assertThat(row.example().label()).isEqualTo(key.startsWith("red") ? 1 : 0));
    }

    /** Ended while files moved into the dataset, of which some are of a listing that is no more. */
    @Test
    void whatEndedWhileFilesMovedCountsForNothing() throws IOException {
        corpus(40);
        Dataset first = prepare().dataset();
        byte[] json = Files.readAllBytes(folder.resolve("data/dataset.json"));
        Files.delete(file("red/3.png"));
        picture("red/new.png", 0, 9_997);
        Dataset second = prepare().dataset();
        assertThat(rows(second)).hasSize(80);
        Files.write(folder.resolve("data/dataset.json"), json);
        Files.writeString(folder.resolve("data/index/v2/part-00009"), "1\t1\tred/never.png\n");
        assertThat(rows(first)).hasSize(80);
        Dataset again = prepare().dataset();
        assertThat(rows(again)).hasSize(80).containsKey("red/new.png").doesNotContainKey("red/3.png");
        assertThat(again.version()).isEqualTo(2);
        picture("red/never.png", 0, 9_996);
        assertThat(rows(prepare().dataset())).hasSize(81).containsKey("red/never.png");
    }

    /** As datasets were written before there were versions and changes. */
    @Test
    void olderDatasetsAreFollowedToo() throws IOException {
        corpus(20);
        prepare();
        Path file = folder.resolve("data/dataset.json");
        String older = Files.readString(file)
                .replaceFirst(",\\s*\"version\" : 1", "")
                .replaceFirst(",\\s*\"change\" : null", "")
                .replaceFirst(",\\s*\"history\" : \\{[^}]*\\}", "")
                .replaceFirst(",\\s*\"test\" : \\[ \\]", "")
                .replaceFirst(",\\s*\"test\" : \\[ 0, 0 \\]", "");
        assertThat(older).doesNotContain("version", "change", "history", "\"test\"");
        Files.writeString(file, older);
        Dataset opened =
                Dataset.open(hadoop("data"), spark.hadoopConfiguration()).dataset();
        assertThat(opened.version()).isEqualTo(1);
        assertThat(opened.images(Split.TEST)).containsExactly(0L, 0L);
        Files.delete(file("red/3.png"));
        Dataset second = prepare().dataset();
        assertThat(second.version()).isEqualTo(2);
        assertThat(rows(second)).hasSize(39);
    }

    @Test
    void aCorrectedListIsFollowed() throws IOException {
        corpus(20);
        List<String> lines = new ArrayList<>(List.of("path,label"));
        for (int i = 0; i < 20; i++) {
            lines.add("blue/" + i + ".png,blue");
            lines.add("red/" + i + ".png,red");
        }
        Files.write(file("list.csv"), lines);
        Map<String, Row> before =
                rows(prepare("list", "corpus/list.csv", SETTINGS).dataset());
        lines.set(4, "red/1.png,blue");
        lines.remove(10);
        Files.write(file("list.csv"), lines);
        Prepare.Outcome outcome = prepare("list", "corpus/list.csv", SETTINGS);
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(0, 1, 1, List.of(), List.of()));
        Map<String, Row> after = rows(outcome.dataset());
        assertThat(after.get("red/1.png").example().label()).isZero();
        splitsAreAsTheyWere(before, after);
    }

    /** Spark writes such a table anew each night, under other names. */
    @Test
    void aTableThatWasWrittenAnewKeepsItsSplits() throws IOException {
        table("part-a", 0, 20);
        Map<String, Row> before = rows(prepare("binary-file", "table", SETTINGS).dataset());
        Files.delete(folder.resolve("table/part-a.parquet"));
        table("part-b", 1, 30);
        Prepare.Outcome outcome = prepare("binary-file", "table", SETTINGS);
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(20, 2, 38, List.of(), List.of()));
        Map<String, Row> after = rows(outcome.dataset());
        assertThat(after).hasSize(58);
        splitsAreAsTheyWere(before, after);
        assertThat(outcome.dataset().images(Split.VAL)).containsExactly(3L, 3L);
    }

    private void table(String name, int from, int to) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message spark_schema { optional binary path (UTF8); optional binary content; }");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(hadoop("table/" + name + ".parquet"))
                .withType(schema)
                .build()) {
            for (int i = from; i < to; i++) {
                for (int hue = 0; hue < 2; hue++) {
                    Group row = new SimpleGroup(schema);
                    row.add("path", "hdfs://h/c/" + (hue == 0 ? "a/" : "b/") + i + ".png");
                    row.add(
                            "content",
                            Binary.fromConstantByteArray(Codec.png(Pictures.ofClass(hue, 40, 30, hue * 1000 + i))));
                    writer.write(row);
                }
            }
        }
    }
}
