package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.UnusualFileNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Corpora with unusual file names, from the folder to the shards and the quarantine. */
class TestUnusualFileNames {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SyntheticCorpora.spark("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    private static byte[] image(int number) {
        return ImageCodec.png(SyntheticImages.ofClass(number % 3, 24, 20, number));
    }

    private Prepare.Outcome prepare(String source, Path from, Path to, double maxBad) throws IOException {
        return new Prepare(
                        spark,
                        Sources.open(source, hadoop(from), spark.hadoopConfiguration()),
                        hadoop(to),
                        new PrepareSettings(480, 1 << 20, maxBad))
                .run(Progress.silent());
    }

    private static List<Example> examples(Path data) throws IOException {
        Dataset.Opened opened = Dataset.open(hadoop(data), spark.hadoopConfiguration());
        assertThat(Verification.problems(spark, opened, Progress.silent())).isEmpty();
        List<Example> examples = new ArrayList<>();
        for (Split split : Split.values()) {
            for (Dataset.Shard shard : opened.dataset().shards(split)) {
                examples.addAll(Shards.read(
                        new org.apache.hadoop.fs.Path(opened.path(), shard.path()),
                        shard.digest(),
                        spark.hadoopConfiguration()));
            }
        }
        return examples;
    }

    /** The corpus and the dataset are in a folder with an unusual name, too. */
    @Test
    void everyFileBecomesARowAndTheDatasetGrows() throws IOException {
        Path odd = folder.resolve("a,b [1] {x} #100% 12:30");
        int written = UnusualFileNames.write(odd.resolve("corpus/cat: 1"), TestUnusualFileNames::image);
        Files.createDirectories(odd.resolve("corpus/été"));
        for (int i = 0; i < 5; i++) {
            Files.write(odd.resolve("corpus/été/plage à Nice " + i + ".jpg"), image(100 + i));
        }
        Path data = odd.resolve("data 12:30");
        Dataset dataset = prepare("folders", odd.resolve("corpus"), data, 0).dataset();
        assertThat(dataset.classes()).containsExactly("cat: 1", "été");
        assertThat(dataset.examples()).isEqualTo(written + 5);
        assertThat(examples(data))
                .hasSize(written + 5)
                .extracting(Example::key)
                .doesNotHaveDuplicates()
                .contains("cat: 1/IMG 12:30:45.jpg", "cat: 1/new\nline.jpg", "été/plage à Nice 3.jpg");

        Files.write(odd.resolve("corpus/été/new: 1.jpg"), image(200));
        assertThat(prepare("folders", odd.resolve("corpus"), data, 0).added()).isEqualTo(1);
        assertThat(examples(data)).hasSize(written + 6);
    }

    @Test
    void badFilesOfAnyNameAreQuarantined() throws IOException {
        int bad = UnusualFileNames.write(
                folder.resolve("corpus/cat"), number -> ("no image " + number).getBytes(StandardCharsets.UTF_8));
        Files.createSymbolicLink(folder.resolve("corpus/cat/lost.jpg"), folder.resolve("nowhere"));
        Files.write(folder.resolve("corpus/cat/good.png"), image(1));
        Files.createDirectories(folder.resolve("corpus/dog"));
        Files.write(folder.resolve("corpus/dog/good.png"), image(2));
        for (int i = 0; i < 12; i++) {
            Files.write(folder.resolve("corpus/dog/other" + i + ".png"), image(3 + i));
        }
        prepare("folders", folder.resolve("corpus"), folder.resolve("data"), 1);
        Path quarantine = folder.resolve("data/quarantine");
        List<String> rows = Files.readAllLines(quarantine.resolve("reasons.tsv"));
        assertThat(rows)
                .hasSize(bad + 1)
                .allSatisfy(row -> assertThat(row.split("\t", -1)).hasSize(3));
        assertThat(rows.stream().map(row -> row.split("\t", -1)[2]))
                .as("the file that each row names")
                .doesNotHaveDuplicates()
                .allSatisfy(name -> assertThat(quarantine.resolve(name)).isRegularFile());
        assertThat(rows).contains("cat/lost.jpg\tmissing\tcat/lost.jpg");
        try (Stream<Path> files = Files.walk(quarantine)) {
            assertThat(files.filter(Files::isRegularFile)).hasSize(bad + 2);
        }

        Files.delete(folder.resolve("corpus/dog/other7.png"));
        prepare("folders", folder.resolve("corpus"), folder.resolve("data"), 1);
        assertThat(Files.readAllLines(quarantine.resolve("reasons-v2.tsv")))
                .as("after a change of the corpus that left them as they are")
                .containsExactlyInAnyOrderElementsOf(rows);
        assertThat(rows.stream().map(row -> row.split("\t", -1)[2]))
                .allSatisfy(name -> assertThat(quarantine.resolve(name)).isRegularFile());
    }

    @Test
    void listsMayNameAnyFile() throws IOException {
        UnusualFileNames.write(folder.resolve("my, photos"), TestUnusualFileNames::image);
        StringBuilder list = new StringBuilder("\uFEFFpath,label\r\n");
        for (String name : UnusualFileNames.all()) {
            list.append('"')
                    .append(("my, photos/" + name).replace("\"", "\"\""))
                    .append("\",cat\r\n");
        }
        Files.write(folder.resolve("dog.png"), image(300));
        list.append("dog.png,dog\r\n");
        Files.writeString(folder.resolve("12:30 list.csv"), list);
        Dataset dataset = prepare("list", folder.resolve("12:30 list.csv"), folder.resolve("data"), 1)
                .dataset();
        assertThat(dataset.quarantined()).isEmpty();
        assertThat(examples(folder.resolve("data")))
                .hasSize(UnusualFileNames.all().size() + 1)
                .extracting(Example::key)
                .contains("my, photos/IMG 12:30:45.jpg", "my, photos/trail.jpg ", "my, photos/new\nline.jpg");
    }

    @Test
    void impossibleClassNameIsRefusedBeforeReading() throws IOException {
        for (String name : List.of("dog", "new\nline")) {
            Files.createDirectories(folder.resolve("corpus").resolve(name));
            Files.write(folder.resolve("corpus").resolve(name).resolve("1.png"), image(1));
        }
        assertThatThrownBy(() -> prepare("folders", folder.resolve("corpus"), folder.resolve("data"), 0))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'new\\u000Aline'")
                .hasMessageContaining("Rename it");
        assertThat(folder.resolve("data")).doesNotExist();
    }
}
