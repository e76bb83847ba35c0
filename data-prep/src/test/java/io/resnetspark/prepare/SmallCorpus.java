package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.source.Source;
import io.resnetspark.source.Sources;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.JavaSparkContext;

/** Class folders of generated images in FOLDER/corpus, and the dataset FOLDER/data prepared from them. */
final class SmallCorpus {
    /** Shards of a few images each. */
    static final PrepareSettings SETTINGS = new PrepareSettings(480, 20_000, 0.2);

    static final String KEPT = "kept";

    private final JavaSparkContext spark;
    private final Path folder;

    /** An image of a dataset, with its split. */
    record Row(Split split, Example example) {}

    SmallCorpus(JavaSparkContext spark, Path folder) {
        this.spark = spark;
        this.folder = folder;
    }

    org.apache.hadoop.fs.Path hadoopPath(String name) {
        return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    }

    Path file(String key) {
        return folder.resolve("corpus").resolve(key);
    }

    /** Writes an image; two of the same hue and seed have the same bytes. */
    void image(String key, int hue, int seed) throws IOException {
        Files.createDirectories(file(key).getParent());
        Files.write(file(key), ImageCodec.png(SyntheticImages.ofClass(hue, 40, 30, seed)));
    }

    /** Writes the images of these numbers in two classes. */
    void write(int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            image("blue/" + i + ".png", 2, i);
            image("red/" + i + ".png", 0, 1000 + i);
        }
    }

    /**
     * Writes a list of the images below these numbers, list.csv, without splits.
     *
     * @return its lines
     */
    List<String> list(int to) throws IOException {
        List<String> lines = new ArrayList<>(List.of("path,label"));
        for (int i = 0; i < to; i++) {
            lines.add("blue/" + i + ".png,blue");
            lines.add("red/" + i + ".png,red");
        }
        Files.write(file("list.csv"), lines);
        return lines;
    }

    /** Saves the current corpus and dataset. */
    void save() throws IOException {
        FileUtils.copyDirectory(localFile("corpus"), localFile(KEPT + "/corpus"));
        FileUtils.copyDirectory(localFile("data"), localFile(KEPT + "/data"));
    }

    /** Restores both, including modification times, so that only a test's own changes are read again. */
    void restore() throws IOException {
        clear();
        FileUtils.copyDirectory(localFile(KEPT), folder.toFile());
    }

    /** Deletes both. */
    void clear() throws IOException {
        FileUtils.deleteDirectory(localFile("corpus"));
        FileUtils.deleteDirectory(localFile("data"));
    }

    private File localFile(String name) {
        return folder.resolve(name).toFile();
    }

    Source source() throws IOException {
        return Sources.open("folders", hadoopPath("corpus"), spark.hadoopConfiguration());
    }

    Prepare.Outcome prepare() throws IOException {
        return prepare(source(), SETTINGS);
    }

    Prepare.Outcome prepare(Source source, PrepareSettings settings) throws IOException {
        return new Prepare(spark, source, hadoopPath("data"), settings).run(Progress.silent());
    }

    Dataset.Opened open() throws IOException {
        return Dataset.open(hadoopPath("data"), spark.hadoopConfiguration());
    }

    static List<Shard> shards(Dataset dataset) {
        return dataset.splits().values().stream().flatMap(List::stream).toList();
    }

    List<Example> read(Shard shard) throws IOException {
        return Shards.read(
                new org.apache.hadoop.fs.Path(hadoopPath("data"), shard.path()),
                shard.digest(),
                spark.hadoopConfiguration());
    }

    /** All images of a dataset, by key; keys must be unique. */
    Map<String, Row> rows(Dataset dataset) throws IOException {
        Map<String, Row> rows = new TreeMap<>();
        for (Split split : Split.values()) {
            for (Shard shard : dataset.shards(split)) {
                for (Example example : read(shard)) {
                    assertThat(rows.put(example.key(), new Row(split, example))).isNull();
                }
            }
        }
        return rows;
    }

    /** Of the images that are in both. */
    static void assertSplitsUnchanged(Map<String, Row> before, Map<String, Row> after) {
        assertThat(after.keySet()).containsAnyElementsOf(before.keySet());
        after.forEach((key, row) -> {
            if (before.containsKey(key)) {
                assertThat(row.split()).as(key).isEqualTo(before.get(key).split());
            }
        });
    }
}
