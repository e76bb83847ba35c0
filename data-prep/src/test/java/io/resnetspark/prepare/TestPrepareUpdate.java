package io.resnetspark.prepare;

import static io.resnetspark.prepare.SmallCorpus.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Split;
import io.resnetspark.dataset.Statistics;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.prepare.SmallCorpus.Row;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dataset follows its corpus: deleted images, changed images, and new classes. */
@Tag("slow")
class TestPrepareUpdate {
    private static JavaSparkContext spark;

    @TempDir
    static Path folder;

    /** Twenty images in each of two classes, and their dataset; each test starts with these. */
    private static SmallCorpus corpus;

    @BeforeAll
    static void start() throws IOException {
        spark = SyntheticCorpora.spark("local[2]");
        corpus = new SmallCorpus(spark, folder);
        corpus.write(0, 20);
        corpus.prepare();
        corpus.save();
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    @BeforeEach
    void begin() throws IOException {
        corpus.restore();
    }

    private Prepare.Outcome prepare() throws IOException {
        return corpus.prepare();
    }

    private Prepare.Outcome prepare(String layout, String from) throws IOException {
        return corpus.prepare(Sources.open(layout, corpus.hadoopPath(from), spark.hadoopConfiguration()), SETTINGS);
    }

    /** All images of a dataset, by key; checks its sums, counts and files against its content. */
    private Map<String, Row> rows(Dataset dataset) throws IOException {
        Map<String, Row> rows = corpus.rows(dataset);
        StatisticsAccumulator accumulator = new StatisticsAccumulator(dataset.side());
        Map<Split, long[]> counts = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            counts.put(split, new long[dataset.classes().size()]);
        }
        for (Row row : rows.values()) {
            counts.get(row.split())[row.example().label()]++;
            accumulator.add(row.split(), row.example());
        }
        counts.forEach((split, images) -> assertThat(dataset.images(split))
                .containsExactly(LongStream.of(images).boxed().toArray(Long[]::new)));
        Statistics statistics = accumulator.pixels().statistics();
        assertThat(dataset.statistics().images()).isEqualTo(dataset.examples(Split.TRAIN));
        for (int c = 0; c < 3; c++) {
            assertThat(dataset.statistics().mean()[c]).isCloseTo(statistics.mean()[c], within(1e-9));
            assertThat(dataset.statistics().covariance()[c][0])
                    .isCloseTo(statistics.covariance()[c][0], within(1e-6));
        }
        float[] found = dataset.meanImageValues(corpus.hadoopPath("data"), spark.hadoopConfiguration());
        float[] wanted = accumulator.pixels().meanImage();
        assertThat(found).hasSameSizeAs(wanted);
        assertThat(largestDifference(found, wanted)).isLessThanOrEqualTo(1e-4f);
        assertThat(dataset.shorterSides().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isEqualTo(dataset.examples());
        assertThat(corpus.open().dataset().json()).isEqualTo(dataset.json());
        return rows;
    }

    /** AssertJ's containsExactly takes seconds for this many values. */
    private static float largestDifference(float[] a, float[] b) {
        float largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i])); // NaN if a value is NaN
        }
        return largest;
    }

    @Test
    void deletedAndChangedImagesAreUpdated() throws IOException {
        Dataset first = corpus.open().dataset();
        Map<String, Row> before = rows(first);
        String validated = before.keySet().stream()
                .filter(key -> before.get(key).split() == Split.VAL)
                .filter(key -> !List.of("red/3.png", "blue/5.png", "red/7.png").contains(key))
                .findFirst()
                .orElseThrow();
        Files.delete(corpus.file("red/3.png"));
        Files.delete(corpus.file("blue/5.png"));
        corpus.image("red/7.png", 0, 9_999);
        corpus.image(validated, 1, 9_998);
        corpus.image("red/new.png", 0, 9_997);

        Prepare.Outcome outcome = prepare();
        Dataset second = outcome.dataset();
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(1, 2, 2, List.of(), List.of()));
        assertThat(second.change()).isEqualTo(outcome.change());
        assertThat(List.of(first.version(), second.version())).containsExactly(1, 2);
        Map<String, Row> after = rows(second);
        assertThat(after).hasSize(39).containsKey("red/new.png").doesNotContainKeys("red/3.png", "blue/5.png");
        assertThat(after.get("red/7.png").example().bytes()).isEqualTo(Files.readAllBytes(corpus.file("red/7.png")));
        SmallCorpus.assertSplitsUnchanged(before, after);

        // Only the necessary shards were rewritten, and readers of the first version still find theirs.
        List<String> moved = List.of("red/3.png", "blue/5.png", "red/7.png", validated);
        for (Shard shard : SmallCorpus.shards(first)) {
            boolean affected = corpus.read(shard).stream().anyMatch(example -> moved.contains(example.key()));
            assertThat(SmallCorpus.shards(second).contains(shard)).isNotEqualTo(affected);
        }
        assertThat(prepare().change()).isEqualTo(Dataset.Change.NONE);

        corpus.image("red/newer.png", 0, 9_996);
        Dataset third = prepare().dataset();
        assertThat(rows(third)).hasSize(40);
        try (Stream<Path> files = Files.list(folder.resolve("data/train"))) {
            assertThat(files.map(file -> "train/" + file.getFileName()).toList())
                    .containsExactlyInAnyOrderElementsOf(
                            third.shards(Split.TRAIN).stream().map(Shard::path).toList());
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data", SmallCorpus.KEPT);
    }

    @Test
    void duplicateIsRestoredWhenItsOriginalIsDeleted() throws IOException {
        corpus.clear();
        corpus.write(0, 20);
        Files.copy(corpus.file("red/4.png"), corpus.file("red/twin.png"));
        Files.copy(corpus.file("blue/4.png"), corpus.file("red/contradiction.png"));
        Files.writeString(corpus.file("red/text.txt"), "no image");
        Files.writeString(corpus.file("blue/text.txt"), "none either");
        Dataset first = prepare().dataset();
        assertThat(rows(first)).hasSize(39).doesNotContainKeys("red/twin.png", "blue/4.png");
        assertThat(first.bad()).isEqualTo(5);
        assertThat(first.duplicates()).isEqualTo(3);

        Files.delete(corpus.file("red/4.png"));
        Files.delete(corpus.file("red/contradiction.png"));
        Files.delete(corpus.file("red/text.txt"));
        Dataset second = prepare().dataset();
        assertThat(rows(second)).hasSize(40).containsKeys("red/twin.png", "blue/4.png");
        assertThat(second.change()).isEqualTo(new Dataset.Change(2, 1, 0, List.of(), List.of()));
        assertThat(second.quarantined()).containsExactly(Map.entry("not an image", 1));
        try (Stream<Path> tables = Files.list(folder.resolve("data/quarantine"))) {
            assertThat(tables.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("reasons")))
                    .containsExactly("reasons-v2.tsv");
        }
        assertThat(Files.readString(folder.resolve("data/quarantine/reasons-v2.tsv")))
                .startsWith("blue/text.txt\tnot an image");
        assertThat(folder.resolve("data/quarantine/blue/text.txt")).exists();
        for (String gone : List.of("red/twin.png", "blue/4.png", "red/contradiction.png", "red/text.txt")) {
            assertThat(folder.resolve("data/quarantine").resolve(gone)).doesNotExist();
        }
        assertThat(prepare().change()).isEqualTo(Dataset.Change.NONE);
    }

    @Test
    void vanishedCorpusIsRefused() throws IOException {
        corpus.clear();
        corpus.write(0, 10);
        Dataset first = prepare().dataset();
        for (int i = 0; i < 3; i++) {
            Files.delete(corpus.file("red/" + i + ".png"));
        }
        assertThatThrownBy(this::prepare)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("3 of the dataset's 20 images (15.0 %)")
                .extracting("remedies", LIST)
                .containsExactly(Remedy.of(Remedy.Kind.ALLOW_REMOVED_IMAGES, "0.15"));
        assertThat(rows(first)).hasSize(20);
        for (String name : List.of("red", "blue")) {
            try (Stream<Path> all = Files.list(corpus.file(name))) {
                for (Path each : all.toList()) {
                    Files.delete(each);
                }
            }
        }
        assertThatThrownBy(this::prepare)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("20 of the dataset's 20 images (100.0 %)");
        corpus.write(0, 10);
        Files.delete(corpus.file("red/1.png"));
        Files.delete(corpus.file("red/2.png"));
        Files.delete(corpus.file("blue/2.png"));
        Dataset second = corpus.prepare(corpus.source(), SETTINGS.withMaxRemovedFraction(0.15))
                .dataset();
        assertThat(rows(second)).hasSize(17);
    }

    @Test
    void newClassMakesANewVersionWithNewLabels() throws IOException {
        Map<String, Row> before = rows(corpus.open().dataset());
        for (int i = 0; i < 15; i++) {
            corpus.image("green/" + i + ".png", 1, 2000 + i);
        }
        Dataset second = prepare().dataset();
        assertThat(second.classes()).containsExactly("blue", "green", "red");
        assertThat(second.change()).isEqualTo(new Dataset.Change(15, 0, 0, List.of("green"), List.of()));
        assertThat(second.version()).isEqualTo(2);
        Map<String, Row> rows = rows(second);
        assertThat(rows).hasSize(55);
        rows.forEach((key, row) ->
                assertThat(second.classes().get(row.example().label())).isEqualTo(key.substring(0, key.indexOf('/'))));
        SmallCorpus.assertSplitsUnchanged(before, rows);
        assertThat(second.images(Split.VAL)).containsExactly(2L, 2L, 2L);

        for (int i = 0; i < 20; i++) {
            Files.delete(corpus.file("blue/" + i + ".png"));
        }
        Files.delete(corpus.file("blue"));
        Dataset third = corpus.prepare(corpus.source(), SETTINGS.withMaxRemovedFraction(0.5))
                .dataset();
        assertThat(third.classes()).containsExactly("green", "red");
        assertThat(third.change()).isEqualTo(new Dataset.Change(0, 20, 0, List.of(), List.of("blue")));
        Map<String, Row> left = rows(third);
        assertThat(left).hasSize(35);
        left.forEach((key, row) -> assertThat(row.example().label()).isEqualTo(key.startsWith("red") ? 1 : 0));
    }

    /** Interrupted while files moved into the dataset, some of them of a listing that is now obsolete. */
    @Test
    void interruptedMoveHasNoEffect() throws IOException {
        Dataset first = corpus.open().dataset();
        byte[] json = Files.readAllBytes(folder.resolve("data/dataset.json"));
        Files.delete(corpus.file("red/3.png"));
        corpus.image("red/new.png", 0, 9_997);
        Dataset second = prepare().dataset();
        assertThat(rows(second)).hasSize(40);
        Files.write(folder.resolve("data/dataset.json"), json);
        Files.writeString(folder.resolve("data/index/v2/part-00009"), "1\t1\tred/never.png\n");
        assertThat(rows(first)).hasSize(40);
        Dataset again = prepare().dataset();
        assertThat(rows(again)).hasSize(40).containsKey("red/new.png").doesNotContainKey("red/3.png");
        assertThat(again.version()).isEqualTo(2);
        corpus.image("red/never.png", 0, 9_996);
        assertThat(rows(prepare().dataset())).hasSize(41).containsKey("red/never.png");
    }

    /** As written before datasets had versions and changes. */
    @Test
    void datasetsOfEarlierVersionsAreUpdated() throws IOException {
        Path file = folder.resolve("data/dataset.json");
        String older = Files.readString(file)
                .replaceFirst(",\\s*\"version\" : 1", "")
                .replaceFirst(",\\s*\"change\" : null", "")
                .replaceFirst(",\\s*\"history\" : \\{[^}]*\\}", "")
                .replaceFirst(",\\s*\"test\" : \\[ \\]", "")
                .replaceFirst(",\\s*\"test\" : \\[ 0, 0 \\]", "");
        assertThat(older).doesNotContain("version", "change", "history", "\"test\"");
        Files.writeString(file, older);
        Dataset opened = corpus.open().dataset();
        assertThat(opened.version()).isEqualTo(1);
        assertThat(opened.images(Split.TEST)).containsExactly(0L, 0L);
        Files.delete(corpus.file("red/3.png"));
        Dataset second = prepare().dataset();
        assertThat(second.version()).isEqualTo(2);
        assertThat(rows(second)).hasSize(39);
    }

    @Test
    void correctedListIsUpdated() throws IOException {
        corpus.clear();
        corpus.write(0, 20);
        List<String> lines = corpus.list(20);
        Map<String, Row> before = rows(prepare("list", "corpus/list.csv").dataset());
        lines.set(4, "red/1.png,blue");
        lines.remove(10);
        Files.write(corpus.file("list.csv"), lines);
        Prepare.Outcome outcome = prepare("list", "corpus/list.csv");
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(0, 1, 1, List.of(), List.of()));
        Map<String, Row> after = rows(outcome.dataset());
        assertThat(after.get("red/1.png").example().label()).isZero();
        SmallCorpus.assertSplitsUnchanged(before, after);
    }

    /** Spark rewrites such a table each night, under other file names. */
    @Test
    void rewrittenTableKeepsSplits() throws IOException {
        corpus.clear();
        table("part-a", 0, 20);
        Map<String, Row> before = rows(prepare("binary-file", "table").dataset());
        Files.delete(folder.resolve("table/part-a.parquet"));
        table("part-b", 1, 30);
        Prepare.Outcome outcome = prepare("binary-file", "table");
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(20, 2, 38, List.of(), List.of()));
        Map<String, Row> after = rows(outcome.dataset());
        assertThat(after).hasSize(58);
        SmallCorpus.assertSplitsUnchanged(before, after);
        assertThat(outcome.dataset().images(Split.VAL)).containsExactly(3L, 3L);
        FileUtils.deleteDirectory(folder.resolve("table").toFile()); // the other tests share the folder
    }

    private void table(String name, int from, int to) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message spark_schema { optional binary path (UTF8); optional binary content; }");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(corpus.hadoopPath("table/" + name + ".parquet"))
                .withType(schema)
                .build()) {
            for (int i = from; i < to; i++) {
                for (int hue = 0; hue < 2; hue++) {
                    Group row = new SimpleGroup(schema);
                    row.add("path", "hdfs://h/c/" + (hue == 0 ? "a/" : "b/") + i + ".png");
                    row.add(
                            "content",
                            Binary.fromConstantByteArray(
                                    ImageCodec.png(SyntheticImages.ofClass(hue, 40, 30, hue * 1000 + i))));
                    writer.write(row);
                }
            }
        }
    }
}
