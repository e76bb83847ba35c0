package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
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

/** Folder layouts as users have them: they are understood or refused, and nothing is silently ignored. */
class TestFolderLayouts {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    private int images;
    private final List<String> said = new ArrayList<>();

    @BeforeAll
    static void start() {
        spark = SyntheticCorpora.spark("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private Path corpus() {
        return folder.resolve("corpus");
    }

    private void images(String place, int count) throws IOException {
        Files.createDirectories(corpus().resolve(place));
        for (int i = 0; i < count; i++) {
            byte[] image = ImageCodec.png(SyntheticImages.ofClass(images % 3, 24, 20, images++));
            Files.write(corpus().resolve(place).resolve(i + ".png"), image);
        }
    }

    private void file(String place, String content) throws IOException {
        Files.createDirectories(corpus().resolve(place).getParent());
        Files.writeString(corpus().resolve(place), content);
    }

    private Prepare.Outcome prepare() throws IOException {
        return new Prepare(
                        spark,
                        Sources.open(
                                "folders",
                                new org.apache.hadoop.fs.Path(corpus().toUri()),
                                spark.hadoopConfiguration()),
                        new org.apache.hadoop.fs.Path(folder.resolve("data").toUri()),
                        new PrepareSettings(480, 1 << 20, 0.5))
                .run(new Progress() {
                    @Override
                    public Step begin(String what, String unit, long total) {
                        return Progress.silent().begin(what, unit, total);
                    }

                    @Override
                    public void say(String sentence) {
                        said.add(sentence);
                    }
                });
    }

    private static List<Long> images(Dataset dataset) {
        return Stream.of(Split.values()).map(dataset::examples).toList();
    }

    private void refused(String... words) {
        assertThatThrownBy(this::prepare).isInstanceOf(BadInputException.class).hasMessageContainingAll(words);
        assertThat(folder.resolve("data")).doesNotExist();
    }

    /**
     * find . -type f -o -xtype l
     *
     * wc -l: dangling links count too.
     */
    private long files() throws IOException {
        try (Stream<Path> all = Files.walk(corpus())) {
            return all.filter(file -> Files.isSymbolicLink(file) ? !Files.exists(file) : Files.isRegularFile(file))
                    .count();
        }
    }

    private void countsAddUp(Prepare.Outcome outcome) throws IOException {
        assertThat(outcome.dataset().examples() + outcome.dataset().bad() + outcome.skipped())
                .isEqualTo(files());
    }

    @Test
    void splitNamesHaveAliasesInAnyCase() throws IOException {
        for (List<String> names : List.of(
                List.of("Train", "VALIDATION", "Testing"),
                List.of("training", "valid", "TEST"),
                List.of("train", "dev", "test"))) {
            for (String name : List.of("a", "b")) {
                images(names.get(0) + "/" + name, 4);
                images(names.get(1) + "/" + name, 3);
                images(names.get(2) + "/" + name, 2);
            }
            Prepare.Outcome outcome = prepare();
            assertThat(images(outcome.dataset())).containsExactly(8L, 6L, 4L);
            assertThat(outcome.dataset().images(Split.TEST)).containsExactly(2L, 2L);
            countsAddUp(outcome);
            delete(corpus());
            delete(folder.resolve("data"));
        }
    }

    private static void delete(Path folder) throws IOException {
        org.apache.commons.io.FileUtils.deleteDirectory(folder.toFile());
    }

    @Test
    void testSplitIsHeldOutAndValidationTakenFromTraining() throws IOException {
        for (String name : List.of("a", "b")) {
            images("train/" + name, 15);
            images("test/" + name, 5);
        }
        Prepare.Outcome outcome = prepare();
        assertThat(images(outcome.dataset())).containsExactly(26L, 4L, 10L);
        assertThat(said).anyMatch(sentence -> sentence.contains("test is kept apart"));
        countsAddUp(outcome);
    }

    @Test
    void nothingIsSilentlyIgnored() throws IOException {
        images("train/a", 2);
        images("train/b", 2);
        images("extra/a", 1);
        images("more", 1);
        Files.createDirectories(corpus().resolve("empty"));
        refused("extra, more would be left out");
        delete(corpus().resolve("extra"));
        delete(corpus().resolve("more"));
        images("val/a", 1);
        images("Validation/a", 1);
        refused("Validation, val", "same split");
        delete(corpus().resolve("Validation"));
        images("test", 3);
        refused("test would be left out");
        delete(corpus().resolve("test"));
        assertThat(images(prepare().dataset())).containsExactly(4L, 1L, 0L);
        assertThat(said).anyMatch(sentence -> sentence.contains("1 of 2 classes have no image to validate on: b"));
    }

    @Test
    void classMayHaveTheNameOfASplit() throws IOException {
        images("bus", 3);
        images("train", 3);
        images("train/.thumbnails", 1);
        Prepare.Outcome outcome = prepare();
        assertThat(outcome.dataset().classes()).containsExactly("bus", "train");
        assertThat(outcome.dataset().examples()).isEqualTo(6);
        assertThat(said).anyMatch(sentence -> sentence.contains("train is taken for a class"));
        countsAddUp(outcome);
    }

    @Test
    void ambiguousLayoutIsRefused() throws IOException {
        images("train", 2);
        images("val", 2);
        refused("train, val hold images and no class folders");
        images("train/a", 2);
        refused("train holds images of its own and folders of images, such as a");
        delete(corpus());
        images("bus", 2);
        images("train/front", 2);
        refused("bus would be left out", "put all classes into one folder");
        delete(corpus());
        images("val/a", 1);
        images("val/b", 1);
        refused("a folder val", "none named train");
    }

    @Test
    void nestedImagesCountAndEveryFileIsCounted() throws IOException {
        for (String name : List.of("a", "b")) {
            images("train/" + name, 3);
            images("train/" + name + "/2024/summer", 2);
            images("val/" + name + "/.hidden", 2);
            images("val/" + name, 2);
        }
        file("train/a/Thumbs.db", "x");
        file("train/b/2024/DESKTOP.INI", "x");
        file("train/b/.DS_Store", "x");
        file("train/__MACOSX/a/._1.png", "x");
        file("__MACOSX/._train", "x");
        file("README.txt", "x");
        file("train/labels.csv", "x");
        file("train/a/README.txt", "not skipped: in a class folder, where images are wanted");
        Files.copy(corpus().resolve("train/a/0.png"), corpus().resolve("train/a/copy.png"));
        Files.createSymbolicLink(corpus().resolve("train/a/2024/up"), corpus().resolve("train/a"));
        Files.createSymbolicLink(corpus().resolve("train/a/2024/self"), Path.of("self"));
        Prepare.Outcome outcome = prepare();
        assertThat(images(outcome.dataset())).containsExactly(10L, 4L, 0L);
        assertThat(outcome.skipped()).isEqualTo(7 + 4);
        assertThat(outcome.dataset().duplicates()).isEqualTo(1);
        assertThat(folder.resolve("data/quarantine/train/a/README.txt")).exists();
        countsAddUp(outcome);
        countsAddUp(prepare());
    }
}
