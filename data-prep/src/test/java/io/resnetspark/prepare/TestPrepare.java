package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestPrepare {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(new SparkConf()
                .setMaster("local[2]")
                .setAppName("TestPrepare")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1"));
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private Path corpus(int perClass) throws IOException {
        Path corpus = folder.resolve("corpus");
        for (String name : List.of("blue", "red")) {
            for (int i = 0; i < perClass; i++) {
                RgbImage image = SyntheticImages.ofClass(name.equals("red") ? 0 : 2, 60 + i % 7, 50, i);
                byte[] bytes = i % 2 == 0 ? ImageCodec.jpeg(image, 0.9f) : ImageCodec.png(image);
                // Whatever the name: the content determines the format.
                file(corpus.resolve(name).resolve(i + ".JPEG"), bytes);
            }
        }
        return corpus;
    }

    private static void file(Path path, byte[] bytes) throws IOException {
        Files.createDirectories(path.getParent());
        Files.write(path, bytes);
    }

    private Dataset prepare(Path corpus, String to, PrepareSettings settings) throws IOException {
        return new Prepare(
                        spark,
                        Sources.open("folders", hadoop(corpus), spark.hadoopConfiguration()),
                        hadoop(folder.resolve(to)),
                        settings)
                .execute(Progress.silent());
    }

    private static final PrepareSettings SETTINGS = new PrepareSettings(480, 1 << 20, 0.01);

    @Test
    void everyImageOfAFolderIsInOneShard() throws IOException {
        Path corpus = corpus(60);
        Dataset dataset = prepare(corpus, "data", new PrepareSettings(480, 40_000, 0.01));
        Dataset.Opened opened = Dataset.open(hadoop(folder.resolve("data")), spark.hadoopConfiguration());
        assertThat(opened.dataset().json()).isEqualTo(dataset.json());
        assertThat(dataset.classes()).containsExactly("blue", "red");
        assertThat(dataset.shards(Split.TRAIN)).hasSizeGreaterThan(2);
        List<Example> examples = new ArrayList<>(examples(opened, Split.TRAIN));
        int train = examples.size();
        examples.addAll(examples(opened, Split.VAL));
        assertThat(examples).hasSize(120);
        assertThat(examples).extracting(Example::key).doesNotHaveDuplicates();
        assertThat(train).isBetween(95, 119);
        for (Example example : examples) {
            assertThat(example.bytes()).isEqualTo(Files.readAllBytes(corpus.resolve(example.key())));
            assertThat(example.label()).isEqualTo(example.key().startsWith("red") ? 1 : 0);
            assertThat(example.height()).isEqualTo(50);
        }
    }

    @Test
    void classesAreShuffledWithinAShard() throws IOException {
        prepare(corpus(60), "data", new PrepareSettings(480, 60_000, 0.01));
        Dataset.Opened opened = Dataset.open(hadoop(folder.resolve("data")), spark.hadoopConfiguration());
        for (Dataset.Shard shard : opened.dataset().shards(Split.TRAIN)) {
            List<Example> examples = read(opened, shard);
            double red = examples.stream().mapToInt(Example::label).average().orElseThrow();
            assertThat(red).isBetween(0.2, 0.8);
        }
    }

    @Test
    void preparationIsBitIdentical() throws IOException {
        Path corpus = corpus(20);
        Dataset first = prepare(corpus, "first", SETTINGS);
        Dataset second = prepare(corpus, "second", SETTINGS);
        assertThat(second.splits()).isEqualTo(first.splits());
        assertThat(second.meanImage()).isEqualTo(first.meanImage());
    }

    @Test
    void foldersNamedTrainAndValAreTheSplits() throws IOException {
        for (String split : List.of("train", "val")) {
            for (String name : List.of("a", "b")) {
                RgbImage image = SyntheticImages.ofClass(0, 30, 30, (split + name).hashCode());
                file(folder.resolve("c/" + split + "/" + name + "/1.png"), ImageCodec.png(image));
            }
        }
        Dataset dataset = prepare(folder.resolve("c"), "data", SETTINGS);
        assertThat(dataset.examples(Split.TRAIN)).isEqualTo(2);
        assertThat(dataset.examples(Split.VAL)).isEqualTo(2);
        Dataset.Opened opened = Dataset.open(hadoop(folder.resolve("data")), spark.hadoopConfiguration());
        assertThat(examples(opened, Split.VAL))
                .extracting(Example::key)
                .containsExactlyInAnyOrder("val/a/1.png", "val/b/1.png");
    }

    @Test
    void resizesToTheShorterSide() throws IOException {
        Path corpus = corpus(2);
        file(corpus.resolve("red/large.png"), ImageCodec.png(SyntheticImages.ofClass(0, 300, 200, 1)));
        prepare(corpus, "data", new PrepareSettings(100, 1 << 20, 0.01));
        Dataset.Opened opened = Dataset.open(hadoop(folder.resolve("data")), spark.hadoopConfiguration());
        List<Example> all = new ArrayList<>(examples(opened, Split.TRAIN));
        all.addAll(examples(opened, Split.VAL));
        assertThat(all)
                .filteredOn(example -> example.key().equals("red/large.png"))
                .singleElement()
                .satisfies(large -> {
                    assertThat(large.width()).isEqualTo(150);
                    assertThat(large.height()).isEqualTo(100);
                    assertThat(ImageCodec.decode(large.bytes()).width()).isEqualTo(150);
                });
    }

    @Test
    void measuresTheTrainingPixels() throws IOException {
        for (String name : List.of("a", "b")) {
            byte[] flat = new byte[3 * 300 * 300];
            for (int i = 0; i < flat.length; i++) {
                flat[i] = (byte) (name.equals("a") ? 100 : 200);
            }
            file(folder.resolve("c/train/" + name + "/1.png"), ImageCodec.png(new RgbImage(300, 300, flat)));
        }
        Dataset dataset = prepare(folder.resolve("c"), "data", new PrepareSettings(480, 1 << 20, 0.01));
        // Without a val folder, the hash of the key may assign an image to validation; these two are for training.
        assertThat(dataset.examples(Split.TRAIN)).isEqualTo(2);
        assertThat(dataset.statistics().mean()).containsExactly(new double[] {150, 150, 150}, within(1e-9));
        assertThat(dataset.statistics().std()).containsExactly(new double[] {50, 50, 50}, within(1e-9));
        assertThat(dataset.statistics().covariance()[0][2]).isCloseTo(2500, within(1e-9));
    }

    @Test
    void quarantinesBadImagesWithReasons() throws IOException {
        Path corpus = corpus(100);
        file(corpus.resolve("red/text.jpg"), "no image".getBytes(StandardCharsets.UTF_8));
        byte[] half = SyntheticImages.truncated(ImageCodec.jpeg(SyntheticImages.ofClass(0, 200, 200, 1), 0.9f));
        file(corpus.resolve("red/half.jpg"), half);
        file(corpus.resolve("blue/bomb.png"), SyntheticImages.bomb(30_000, 30_000));
        Dataset dataset = prepare(corpus, "data", new PrepareSettings(480, 1 << 20, 0.02));
        assertThat(dataset.examples(Split.TRAIN) + dataset.examples(Split.VAL)).isEqualTo(200);
        assertThat(dataset.quarantined().values()).containsExactly(1, 1, 1);
        Path quarantine = folder.resolve("data/quarantine");
        assertThat(quarantine.resolve("red/half.jpg")).hasBinaryContent(half);
        assertThat(Files.readString(quarantine.resolve("reasons.tsv")))
                .contains("red/text.jpg\tnot an image")
                .contains("red/half.jpg\tdamaged")
                .contains("blue/bomb.png\t30000x30000 pixels, more than 100 million");
    }

    @Test
    void stopsWhenTooManyAreBadAndLeavesNothing() throws IOException {
        Path corpus = corpus(20);
        file(corpus.resolve("red/text.jpg"), "no image".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> prepare(corpus, "data", SETTINGS))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("1 of 41 images are bad, more than 1.0 %")
                .hasMessageContaining("red/text.jpg: not an image")
                .extracting("remedies", LIST)
                .containsExactly(Remedy.of(Remedy.Kind.ALLOW_BAD_IMAGES));
        assertThat(folder.toFile().list()).containsExactly("corpus");
    }

    @Test
    void refusesFoldersWithoutACorpus() throws IOException {
        assertThatThrownBy(() -> prepare(folder.resolve("nowhere"), "data", SETTINGS))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is nothing at");
        Files.createDirectories(folder.resolve("empty"));
        assertThatThrownBy(() -> prepare(folder.resolve("empty"), "data", SETTINGS))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has no class folders");
        Files.createDirectories(folder.resolve("one/cats"));
        assertThatThrownBy(() -> prepare(folder.resolve("one"), "data", SETTINGS))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has one class, [cats]; a classifier needs at least two");
        Files.createDirectories(folder.resolve("one/dogs"));
        assertThatThrownBy(() -> prepare(folder.resolve("one"), "data", SETTINGS))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("are empty");
    }

    @Test
    void refusesToOverwriteWhatIsNoDatasetOfTheCorpus() throws IOException {
        Path corpus = corpus(3);
        prepare(corpus, "data", SETTINGS);
        assertThatThrownBy(() -> prepare(corpus, "data", new PrepareSettings(100, 1 << 20, 0.01)))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("nothing is overwritten");
        assertThatThrownBy(() -> prepare(corpus, "corpus", SETTINGS))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("nothing is overwritten");
    }

    private static List<Example> examples(Dataset.Opened opened, Split split) throws IOException {
        List<Example> examples = new ArrayList<>();
        for (Dataset.Shard shard : opened.dataset().shards(split)) {
            examples.addAll(read(opened, shard));
        }
        return examples;
    }

    private static List<Example> read(Dataset.Opened opened, Dataset.Shard shard) throws IOException {
        org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(opened.path(), shard.path());
        return Shards.read(file, shard.digest(), spark.hadoopConfiguration());
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    /** An update compares it with that of an earlier version. */
    @Test
    void theTextOfTheSettingsIsStable() {
        PrepareSettings settings = new PrepareSettings(
                480, false, 1 << 20, 0, PrepareSettings.DuplicatePolicy.EXCLUDE, ImageCodec.Limits.DEFAULT);
        assertThat(Staging.describe(settings)).isEqualTo("shorter side at most 480, doubles SET_ASIDE");
    }
}
