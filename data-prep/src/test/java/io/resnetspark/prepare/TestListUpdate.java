package io.resnetspark.prepare;

import static io.resnetspark.prepare.SmallCorpus.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.prepare.SmallCorpus.Row;
import io.resnetspark.source.Sources;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A list whose column split comes, goes or changes: each image is in the split that the list says. */
@Tag("slow")
class TestListUpdate {
    private static final int PER_CLASS = 20;

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
        corpus.write(0, PER_CLASS);
    }

    private Prepare.Outcome prepare() throws IOException {
        return corpus.prepare(
                Sources.open("list", corpus.hadoopPath("corpus/list.csv"), spark.hadoopConfiguration()), SETTINGS);
    }

    private Map<String, Split> splits(Dataset dataset) throws IOException {
        Map<String, Split> splits = new TreeMap<>();
        for (Map.Entry<String, Row> row : corpus.rows(dataset).entrySet()) {
            splits.put(row.getKey(), row.getValue().split());
        }
        return splits;
    }

    private void list(Map<String, Split> splits) throws IOException {
        List<String> lines = new ArrayList<>(List.of("path,label,split"));
        splits.forEach(
                (key, split) -> lines.add(key + "," + key.substring(0, key.indexOf('/')) + "," + split.folder()));
        Files.write(corpus.file("list.csv"), lines);
    }

    /** All images to train on, but these numbers of each class. */
    private static Map<String, Split> validating(int... numbers) {
        Map<String, Split> splits = new TreeMap<>();
        for (String name : List.of("blue", "red")) {
            for (int i = 0; i < PER_CLASS; i++) {
                splits.put(name + "/" + i + ".png", Split.TRAIN);
            }
            for (int i : numbers) {
                splits.put(name + "/" + i + ".png", Split.VAL);
            }
        }
        return splits;
    }

    @Test
    void anAddedColumnDecides() throws IOException {
        corpus.list(PER_CLASS);
        Map<String, Split> before = splits(prepare().dataset());
        assertThat(before.values()).filteredOn(split -> split == Split.VAL).hasSize(4);
        Map<String, Split> listed = validating();
        before.forEach((key, split) -> listed.put(key, split == Split.VAL ? Split.TRAIN : split));
        listed.put("blue/1.png", Split.TEST);
        listed.put("red/2.png", Split.VAL);
        list(listed);
        assertThat(splits(prepare().dataset())).isEqualTo(listed);
        byte[] json = Files.readAllBytes(folder.resolve("data/dataset.json"));
        assertThat(prepare().change()).isEqualTo(Dataset.Change.NONE);
        assertThat(folder.resolve("data/dataset.json")).hasBinaryContent(json);
    }

    @Test
    void aRemovedColumnLeavesImagesInTheirSplits() throws IOException {
        Map<String, Split> listed = validating(3, 4, 5);
        list(listed);
        assertThat(splits(prepare().dataset())).isEqualTo(listed);
        corpus.list(PER_CLASS);
        assertThat(splits(prepare().dataset())).isEqualTo(listed);
    }

    /** Their index does not tell a listed split from another, so listed images are read once more. */
    @Test
    void datasetsOfEarlierVersionsGetTheListedSplits() throws IOException {
        list(validating(3, 4));
        prepare();
        reindex(" in (train|val)$", " to $1");
        Map<String, Split> other = validating(4, 5);
        list(other);
        Prepare.Outcome outcome = prepare();
        assertThat(splits(outcome.dataset())).isEqualTo(other);
        assertThat(outcome.change()).isEqualTo(new Dataset.Change(0, 0, 2 * PER_CLASS, List.of(), List.of()));
        assertThat(prepare().change()).isEqualTo(Dataset.Change.NONE);
    }

    private void reindex(String from, String to) throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("data/index/first"))) {
            for (Path file : all.toList()) {
                if (file.toString().endsWith(".crc")) {
                    Files.delete(file);
                } else if (file.toString().endsWith(".gz")) {
                    List<String> lines;
                    try (BufferedReader in = new BufferedReader(new InputStreamReader(
                            new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
                        lines = in.lines().toList();
                    }
                    assertThat(lines).allMatch(line -> !line.equals(line.replaceFirst(from, to)));
                    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
                        for (String line : lines) {
                            out.write((line.replaceFirst(from, to) + "\n").getBytes(StandardCharsets.UTF_8));
                        }
                    }
                }
            }
        }
    }
}
