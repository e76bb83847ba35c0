package io.resnetspark.prepare;

import static io.resnetspark.prepare.SmallCorpus.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.source.Source;
import io.resnetspark.source.SourceImage;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What kept an image in quarantine may be mended without a trace in its file's size and time. */
@Tag("slow")
class TestQuarantineRecheck {
    /** Images of the corpus have 1,200 pixels. */
    private static final PrepareSettings SMALL_IMAGES = withMaxPixels(2_000);

    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    private SmallCorpus corpus;

    @BeforeAll
    static void start() {
        spark = SyntheticCorpora.spark("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    @BeforeEach
    void corpus() throws IOException {
        corpus = new SmallCorpus(spark, folder);
        corpus.write(0, 20);
    }

    private static PrepareSettings withMaxPixels(long pixels) {
        return new PrepareSettings(
                480,
                false,
                20_000,
                0.2,
                PrepareSettings.DuplicatePolicy.AUTO,
                new ImageCodec.Limits(100_000_000, pixels));
    }

    private Source open(String layout, String from) throws IOException {
        return Sources.open(layout, corpus.hadoopPath(from), spark.hadoopConfiguration());
    }

    private Prepare.Outcome prepareList() throws IOException {
        return corpus.prepare(open("list", "corpus/list.csv"), SETTINGS);
    }

    private void large(String key) throws IOException {
        Files.write(corpus.file(key), ImageCodec.png(SyntheticImages.ofClass(0, 60, 50, 77)));
    }

    /** The content and time of each file of the dataset. */
    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder.resolve("data"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(
                        file.toString(), Digests.of(Files.readAllBytes(file)) + " " + Files.getLastModifiedTime(file));
            }
        }
        return files;
    }

    @Test
    void missingFilesOfAListComeBack() throws IOException {
        corpus.list(20);
        Path away = folder.resolve("away");
        Files.createDirectories(away);
        List<String> names = List.of("3.png", "5.png");
        for (String name : names) {
            Files.move(corpus.file("red/" + name), away.resolve(name));
        }
        Dataset first = prepareList().dataset();
        assertThat(first.quarantined()).isEqualTo(Map.of("missing", 2));
        Map<String, SmallCorpus.Row> before = corpus.rows(first);

        Files.move(away.resolve("3.png"), corpus.file("red/3.png"));
        Prepare.Outcome second = prepareList();
        assertThat(second.change()).isEqualTo(new Dataset.Change(1, 0, 0, List.of(), List.of()));
        assertThat(second.dataset().quarantined()).isEqualTo(Map.of("missing", 1));
        assertThat(Files.readString(folder.resolve("data/quarantine/reasons-v2.tsv")))
                .isEqualTo("red/5.png\tmissing\tred/5.png\n");

        Files.move(away.resolve("5.png"), corpus.file("red/5.png"));
        Dataset third = prepareList().dataset();
        assertThat(third.quarantined()).isEmpty();
        Map<String, SmallCorpus.Row> after = corpus.rows(third);
        assertThat(after).hasSize(40).containsKeys("red/3.png", "red/5.png");
        assertThat(after.keySet()).containsAll(before.keySet());
        SmallCorpus.assertSplitsUnchanged(before, after);
        assertThat(third.shards(Split.TRAIN)).containsAll(first.shards(Split.TRAIN));
        assertThat(folder.resolve("data/quarantine/red/5.png")).doesNotExist();
        assertThat(prepareList().change()).isEqualTo(Dataset.Change.NONE);
    }

    /** The file is there now, and the table must not say any more that it is missing. */
    @Test
    void anotherReasonIsWritten() throws IOException {
        corpus.list(20);
        Files.delete(corpus.file("red/3.png"));
        prepareList();
        Files.writeString(corpus.file("red/3.png"), "no image");
        Prepare.Outcome second = prepareList();
        assertThat(second.change()).isEqualTo(Dataset.Change.NONE);
        assertThat(second.dataset().quarantined()).isEqualTo(Map.of("not an image", 1));
        assertThat(folder.resolve("data/quarantine/red/3.png")).hasContent("no image");
        Map<String, String> files = files();
        prepareList();
        assertThat(files()).isEqualTo(files);
    }

    /** Root may read everything, so the source says what the file system would. */
    @Test
    void unreadableFilesAreReadOnceTheyMayBe() throws IOException {
        Source forbidden = ReplacedReads.in(
                corpus.source(),
                (unit, conf) -> unit.id().equals("blue/7.png")
                        ? List.of(SourceImage.unusable(unit.key(), null, new byte[0], "not readable: no permission"))
                                .iterator()
                        : unit.read(conf));
        Dataset first = corpus.prepare(forbidden, SETTINGS).dataset();
        assertThat(first.quarantined()).isEqualTo(Map.of("not readable", 1));
        Map<String, String> files = files();
        assertThat(corpus.prepare(forbidden, SETTINGS).change()).isEqualTo(Dataset.Change.NONE);
        assertThat(files()).isEqualTo(files);
        Dataset second = corpus.prepare().dataset();
        assertThat(second.quarantined()).isEmpty();
        assertThat(corpus.rows(second)).hasSize(40).containsKey("blue/7.png");
    }

    @Test
    void aRaisedLimitLetsImagesIn() throws IOException {
        large("red/large.png");
        Files.writeString(corpus.file("red/text.txt"), "no image");
        Dataset first = corpus.prepare(corpus.source(), SMALL_IMAGES).dataset();
        assertThat(first.bad()).isEqualTo(2);
        Map<String, String> files = files();
        assertThat(corpus.prepare(corpus.source(), withMaxPixels(2_500)).change())
                .isEqualTo(Dataset.Change.NONE);
        assertThat(files()).isEqualTo(files);
        Dataset second = corpus.prepare(corpus.source(), withMaxPixels(3_000)).dataset();
        assertThat(second.change()).isEqualTo(new Dataset.Change(1, 0, 0, List.of(), List.of()));
        assertThat(second.quarantined()).isEqualTo(Map.of("not an image", 1));
        Map<String, SmallCorpus.Row> after = corpus.rows(second);
        assertThat(after).hasSize(41).containsKey("red/large.png");
        Map<String, SmallCorpus.Row> before = corpus.rows(first);
        assertThat(after.keySet()).containsAll(before.keySet());
        SmallCorpus.assertSplitsUnchanged(before, after);
    }

    /** No image of an archive can be read alone, so all are, but only if the limit lets one in. */
    @Test
    void aRaisedLimitLetsImagesOfArchivesIn() throws IOException {
        large("red/large.png");
        Files.writeString(corpus.file("red/text.txt"), "no image");
        table();
        Dataset first =
                corpus.prepare(open("binary-file", "table"), SMALL_IMAGES).dataset();
        assertThat(first.bad()).isEqualTo(2);
        Map<String, String> files = files();
        assertThat(corpus.prepare(open("binary-file", "table"), withMaxPixels(2_500))
                        .change())
                .isEqualTo(Dataset.Change.NONE);
        assertThat(files()).isEqualTo(files);
        Dataset second = corpus.prepare(open("binary-file", "table"), withMaxPixels(3_000))
                .dataset();
        assertThat(second.quarantined()).isEqualTo(Map.of("not an image", 1));
        Map<String, SmallCorpus.Row> after = corpus.rows(second);
        assertThat(after).hasSize(41).containsKey("red/large.png");
        Map<String, SmallCorpus.Row> before = corpus.rows(first);
        assertThat(after.keySet()).containsAll(before.keySet());
        SmallCorpus.assertSplitsUnchanged(before, after);
        files = files();
        assertThat(corpus.prepare(open("binary-file", "table"), withMaxPixels(3_000))
                        .change())
                .isEqualTo(Dataset.Change.NONE);
        assertThat(files()).isEqualTo(files);
    }

    private void table() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message spark_schema { optional binary path (UTF8); optional binary content; }");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(corpus.hadoopPath("table/part-0.parquet"))
                        .withType(schema)
                        .build();
                Stream<Path> all = Files.walk(folder.resolve("corpus"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Group row = new SimpleGroup(schema);
                row.add("path", file.toUri().toString());
                row.add("content", Binary.fromConstantByteArray(Files.readAllBytes(file)));
                writer.write(row);
            }
        }
    }

    /** Every kind of reason, and a duplicate. */
    @Test
    void nothingIsNewIfQuarantinedImagesAreAsBadAsBefore() throws IOException {
        corpus.list(20);
        Files.delete(corpus.file("red/3.png"));
        Files.writeString(corpus.file("red/4.png"), "no image");
        byte[] whole = Files.readAllBytes(corpus.file("red/5.png"));
        Files.write(corpus.file("red/5.png"), Arrays.copyOf(whole, whole.length / 2));
        Files.copy(corpus.file("red/7.png"), corpus.file("red/6.png"), StandardCopyOption.REPLACE_EXISTING);
        Files.write(corpus.file("list.csv"), List.of("blue/nolabel.png,"), StandardOpenOption.APPEND);
        corpus.image("blue/nolabel.png", 2, 555);
        Dataset first = prepareList().dataset();
        assertThat(first.quarantined())
                .containsOnlyKeys("missing", "not an image", "damaged", "duplicate", "no class is known for it");
        Map<String, String> files = files();
        assertThat(prepareList().change()).isEqualTo(Dataset.Change.NONE);
        assertThat(files()).isEqualTo(files);
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data");
    }
}
