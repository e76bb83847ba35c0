package io.resnetspark.prepare;

import static io.resnetspark.prepare.SmallCorpus.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Split;
import io.resnetspark.source.Source;
import io.resnetspark.source.Sources;
import io.resnetspark.source.SyntheticIlsvrc;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Lease;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A corpus that grows, contains duplicates, or was prepared by an interrupted job. */
@Tag("slow")
class TestIncrementalPrepare {
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
    void corpus() {
        corpus = new SmallCorpus(spark, folder);
    }

    private Source source() throws IOException {
        return corpus.source();
    }

    private Dataset prepare(Source source) throws IOException {
        return corpus.prepare(source, SETTINGS).dataset();
    }

    @Test
    void doesNothingIfNothingIsNew() throws IOException {
        corpus.write(0, 20);
        Dataset first = prepare(source());
        byte[] json = Files.readAllBytes(folder.resolve("data/dataset.json"));
        assertThat(prepare(source()).json()).isEqualTo(first.json());
        assertThat(folder.resolve("data/dataset.json")).hasBinaryContent(json);
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data");
    }

    /** The second job waits for the first, and finds nothing to do. */
    @Test
    void onlyOneJobWorksOnADataset() throws Exception {
        corpus.write(0, 20);
        CountDownLatch waits = new CountDownLatch(1);
        List<CompletableFuture<Prepare.Outcome>> second = new ArrayList<>();
        Progress third = new Spoken(sentence -> {
            assertThat(sentence).contains(".data.preparing is being worked on by " + Lease.userAtHost());
            waits.countDown();
        });
        Progress first = new Spoken(sentence -> {}) {
            @Override
            public Step begin(String what, String unit, long total) {
                if (second.isEmpty()) {
                    second.add(CompletableFuture.supplyAsync(() -> run(third)));
                    assertThat(awaited(waits)).isTrue();
                }
                return super.begin(what, unit, total);
            }
        };
        assertThat(run(first).added()).isEqualTo(40);
        assertThat(second.get(0).get(1, TimeUnit.MINUTES).added()).isZero();
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private Prepare.Outcome run(Progress progress) {
        try {
            return new Prepare(spark, source(), corpus.hadoopPath("data"), SETTINGS).run(progress);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Forwards messages. */
    private static class Spoken implements Progress {
        private final Consumer<String> ear;

        Spoken(Consumer<String> ear) {
            this.ear = ear;
        }

        @Override
        public Step begin(String what, String unit, long total) {
            return Progress.silent().begin(what, unit, total);
        }

        @Override
        public void say(String sentence) {
            ear.accept(sentence);
        }
    }

    @Test
    void addsShardsOfNewImages() throws IOException {
        corpus.write(0, 30);
        Dataset first = prepare(source());
        corpus.write(30, 45);
        Dataset grown = prepare(source());
        for (Split split : Split.values()) {
            assertThat(grown.shards(split)).startsWith(first.shards(split).toArray(new Shard[0]));
        }
        assertThat(grown.shards(Split.TRAIN))
                .hasSizeGreaterThan(first.shards(Split.TRAIN).size());
        assertThat(corpus.rows(grown)).hasSize(90).containsKeys("red/44.png", "blue/0.png");
        assertThat(corpus.open().dataset().json()).isEqualTo(grown.json());
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data");
        assertThat(prepare(source()).json()).isEqualTo(grown.json());

        Dataset anew = new Prepare(spark, source(), corpus.hadoopPath("anew"), SETTINGS).execute(Progress.silent());
        assertThat(grown.images()).isEqualTo(anew.images());
        assertThat(grown.statistics().images()).isEqualTo(anew.statistics().images());
    }

    @Test
    void excludesDuplicates() throws IOException {
        for (int i = 0; i < 20; i++) {
            corpus.image("train/blue/" + i + ".png", 2, i);
            corpus.image("train/red/" + i + ".png", 0, 1000 + i);
        }
        corpus.image("val/blue/new.png", 2, 500);
        corpus.image("val/blue/seen.png", 2, 3); // duplicates train/blue/3.png
        corpus.image("train/red/twice.png", 0, 1004); // duplicates train/red/4.png
        corpus.image("train/red/blue.png", 2, 5); // duplicates train/blue/5.png
        Dataset dataset = prepare(source());
        assertThat(corpus.rows(dataset))
                .hasSize(44 - 4)
                .containsKeys("val/blue/seen.png", "train/red/4.png")
                .doesNotContainKeys(
                        "train/blue/3.png", "train/red/twice.png", "train/red/blue.png", "train/blue/5.png");
        assertThat(dataset.quarantined())
                .isEqualTo(Map.of(
                        "duplicate", 1, "duplicate in another class", 2, "duplicate of an image to validate on", 1));
        assertThat(dataset.images().get("train")).containsExactly(18L, 20L);
        assertThat(Files.readString(folder.resolve("data/quarantine/reasons.tsv")))
                .contains(
                        "train/blue/3.png\tduplicate of an image to validate on: same bytes as val/blue/seen.png\ttrain/blue/3.png\n")
                .contains("train/red/twice.png\tduplicate: same bytes as train/red/4.png\ttrain/red/twice.png\n")
                .contains(
                        "train/red/blue.png\tduplicate in another class: same bytes as train/blue/5.png\ttrain/red/blue.png\n");
        corpus.image("train/red/again.png", 0, 1006); // duplicates train/red/6.png, which is kept
        assertThat(corpus.rows(prepare(source()))).hasSize(40).containsKey("train/red/6.png");
    }

    private static final AtomicInteger READ = new AtomicInteger();

    /** A corpus in which one file is unreadable for a while, and that counts reads. */
    private static Source unreliable(Source real, String broken) {
        return ReplacedReads.in(real, (unit, conf) -> {
            READ.incrementAndGet();
            if (unit.id().equals(broken)) {
                throw new IOException("the network is down");
            }
            return unit.read(conf);
        });
    }

    @Test
    void resumesAnInterruptedJob() throws IOException {
        corpus.write(0, 40);
        assertThatThrownBy(() -> prepare(unreliable(source(), "red/17.png")))
                .hasStackTraceContaining("network is down");
        assertThat(folder.resolve("data")).doesNotExist();
        READ.set(0);
        Dataset dataset = prepare(unreliable(source(), ""));
        assertThat(READ).hasPositiveValue().hasValueLessThan(60);
        assertThat(corpus.rows(dataset)).hasSize(80);
        assertThat(dataset.statistics().images()).isEqualTo(dataset.examples(Split.TRAIN));
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("corpus", "data");
    }

    /** Interrupted while it read new images: only the rest is read, then deleted images are removed. */
    @Test
    void resumesAnInterruptedUpdate() throws IOException {
        corpus.write(0, 20);
        prepare(source());
        corpus.write(20, 60);
        Files.delete(folder.resolve("corpus/red/3.png"));
        assertThatThrownBy(() -> prepare(unreliable(source(), "red/57.png")))
                .hasStackTraceContaining("network is down");
        READ.set(0);
        Dataset dataset = prepare(unreliable(source(), ""));
        assertThat(READ).hasPositiveValue().hasValueLessThan(60);
        assertThat(corpus.rows(dataset)).hasSize(119).doesNotContainKey("red/3.png");
        assertThat(dataset.change()).isEqualTo(new Dataset.Change(80, 1, 0, List.of(), List.of()));
        assertThat(dataset.statistics().images()).isEqualTo(dataset.examples(Split.TRAIN));
    }

    /**
     * Interrupted while files moved into the dataset: moved files have no effect before dataset.json refers to them.
     */
    @Test
    void discardsFilesOfAnInterruptedMove() throws IOException {
        corpus.write(0, 30);
        prepare(source());
        byte[] before = Files.readAllBytes(folder.resolve("data/dataset.json"));
        corpus.write(30, 40);
        prepare(source());
        Files.write(folder.resolve("data/dataset.json"), before);
        Dataset grown = prepare(source());
        assertThat(corpus.rows(grown)).hasSize(80);
        assertThat(grown.examples()).isEqualTo(80);
    }

    /** Interrupted while shards were written, then run with another shard size: existing shards are not reused. */
    @Test
    void shardsOfAnotherSizeAreNotReused() throws IOException {
        corpus.write(0, 40);
        assertThatThrownBy(() -> prepare(unreliable(source(), "red/17.png")))
                .hasStackTraceContaining("network is down");
        Path left = unfinished();
        Files.createDirectories(left.resolve("train/part-00002.parquet/in the way"));
        assertThatThrownBy(() -> prepare(source())).hasStackTraceContaining("part-00002.parquet");
        Path unfinished = unfinished();
        // Two tasks run at a time: the third started when the first or the second was done, and failed the other.
        assertThat(List.of("part-00000.parquet", "part-00001.parquet"))
                .anyMatch(
                        shard -> Files.isRegularFile(unfinished.resolve("train").resolve(shard)));
        Files.delete(unfinished.resolve("train/part-00002.parquet/in the way"));
        Files.delete(unfinished.resolve("train/part-00002.parquet"));
        Dataset larger =
                corpus.prepare(source(), new PrepareSettings(480, 1 << 20, 0.2)).dataset();
        assertThat(larger.shards(Split.TRAIN)).hasSize(1);
        assertThat(corpus.rows(larger)).hasSize(80);
        assertThat(folder.resolve("data/train").toFile().list()).containsExactly("part-00000.parquet");
    }

    private Path unfinished() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> path.getFileName().toString().matches("\\.data\\.lease.*-unfinished"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void refusesDuplicateKeys() throws IOException {
        corpus.write(0, 3);
        Files.writeString(
                folder.resolve("corpus/list.csv"),
                "path,label\nblue/0.png,blue\nred/0.png,red\nred/0.png,red\nred/1.png,red\nred/1.png,blue\nblue/2.png,blue\n");
        Source list = Sources.open("list", corpus.hadoopPath("corpus/list.csv"), spark.hadoopConfiguration());
        assertThatThrownBy(() -> prepare(list))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has several called [red/1.png]");
    }

    @Test
    void imageNetMustBeComplete() throws IOException {
        SyntheticIlsvrc.packed(folder.resolve("tars"));
        Dataset dataset = new Prepare(
                        spark,
                        Sources.open("ilsvrc", corpus.hadoopPath("tars"), new Configuration()),
                        corpus.hadoopPath("data"),
                        SETTINGS)
                .execute(Progress.silent());
        assertThat(dataset.examples(Split.TRAIN)).isEqualTo(24);
        assertThat(dataset.images().get("val")).containsExactly(2L, 2L, 2L);

        Map<String, byte[]> fewer = SyntheticIlsvrc.validation();
        fewer.remove("ILSVRC2012_val_00000004.JPEG");
        Files.write(folder.resolve("tars/ILSVRC2012_img_val.tar"), SyntheticIlsvrc.tar(fewer));
        assertThatThrownBy(() -> new Prepare(
                                spark,
                                Sources.open("ilsvrc", corpus.hadoopPath("tars"), new Configuration()),
                                corpus.hadoopPath("other"),
                                SETTINGS)
                        .execute(Progress.silent()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("must have 6 images in val, but 5 were found");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("tars", "data");
    }
}
