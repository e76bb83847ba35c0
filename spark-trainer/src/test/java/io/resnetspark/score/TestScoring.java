package io.resnetspark.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Progress;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.train.RunOptions;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.ThreeColours;
import io.resnetspark.train.Training;
import io.resnetspark.train.TrainingSetup;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.GroupFactory;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class TestScoring extends ThreeColours {
    private static final Configuration CONF = new Configuration();

    private static ModelArtifact model;

    @BeforeAll
    static void train() throws IOException {
        prepare(20, 5, 36, 1 << 16);
        Recipe recipe = SmallRecipe.with(Map.of("epochs", "1"), Map.of());
        Training.Result trained = new Training(
                        TrainingSetup.of(spark, recipe, data),
                        RunOptions.begin(hadoop(folder.resolve("run"))),
                        Progress.silent())
                .run();
        model = ModelArtifact.open(trained.model(), CONF);
    }

    private static Scoring.Summary score(Path from, Path output, Scoring.Options options) throws IOException {
        return new Scoring(spark)
                .execute(model, model.networkFactory(1), hadoop(from), hadoop(output), options, Progress.silent());
    }

    private static Scoring.Summary score(Path from, Path output) throws IOException {
        return score(from, output, new Scoring.Options(2, false));
    }

    private static List<Group> rows(Path directory) throws IOException {
        List<Group> rows = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(one -> one.toString().endsWith(".parquet"))
                    .sorted()
                    .toList()) {
                try (ParquetReader<Group> reader = ParquetReader.builder(new GroupReadSupport(), hadoop(file))
                        .build()) {
                    for (Group row = reader.read(); row != null; row = reader.read()) {
                        rows.add(row);
                    }
                }
            }
        }
        return rows;
    }

    private static Map<String, Group> byKey(Path directory) throws IOException {
        Map<String, Group> rows = new TreeMap<>();
        for (Group row : rows(directory)) {
            assertThat(rows.put(row.getString("key", 0), row)).isNull();
        }
        return rows;
    }

    private static List<Path> images() throws IOException {
        try (Stream<Path> all = Files.walk(corpus)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void eachImageHasTheScoreThatPredictGivesIt() throws IOException {
        Path output = folder.resolve("scores");
        Scoring.Summary summary = score(corpus, output);
        assertThat(summary.scored()).isEqualTo(75);
        assertThat(summary.quarantined()).isZero();
        Map<String, Group> rows = byKey(output);
        List<Path> images = images();
        assertThat(rows.keySet())
                .containsExactlyElementsOf(images.stream()
                        .map(image -> corpus.relativize(image).toString())
                        .sorted()
                        .toList());
        try (ImageClassifier classifier = new ImageClassifier(model)) {
            for (Path image : images) {
                Group row = rows.get(corpus.relativize(image).toString());
                List<ImageClassifier.Prediction> wanted;
                try {
                    wanted = classifier.classify(Files.readAllBytes(image), 2);
                } catch (io.resnetspark.image.BadImageException impossible) {
                    throw new IllegalStateException(impossible);
                }
                for (int k = 0; k < 2; k++) {
                    assertThat(row.getGroup("probabilities", 0).getGroup(0, k).getFloat(0, 0))
                            .isCloseTo((float) wanted.get(k).probability(), within(1e-5f));
                }
                assertThat(row.getGroup("classes", 0).getGroup(0, 0).getString(0, 0))
                        .isEqualTo(row.getString("class", 0));
                assertThat(row.getFloat("probability", 0))
                        .isEqualTo(
                                row.getGroup("probabilities", 0).getGroup(0, 0).getFloat(0, 0));
                if (wanted.get(0).probability() - wanted.get(1).probability() > 1e-4) {
                    assertThat(row.getString("class", 0))
                            .isEqualTo(wanted.get(0).label());
                }
            }
        }
    }

    /** A list, a table of bytes and a dataset give each image the same score as the folder does. */
    @Test
    void theScoreDoesNotDependOnWhereAnImageLies() throws IOException {
        score(corpus, folder.resolve("of-folder"));
        Map<String, Group> wanted = byKey(folder.resolve("of-folder"));

        Path list = folder.resolve("list.csv");
        List<String> lines = new ArrayList<>(List.of("name,path"));
        images().forEach(image -> lines.add("x," + image));
        Files.write(list, lines);
        score(list, folder.resolve("of-list"));
        Map<String, Group> listed = byKey(folder.resolve("of-list"));
        assertThat(listed).hasSameSizeAs(wanted);
        listed.forEach((key, row) -> assertThat(text(row))
                .isEqualTo(text(wanted.get(corpus.relativize(Path.of(key)).toString()))));

        Path table = Files.createDirectories(folder.resolve("table"));
        write(table.resolve("a.parquet"), images());
        score(table, folder.resolve("of-table"));
        byKey(folder.resolve("of-table"))
                .forEach((key, row) -> assertThat(text(row))
                        .isEqualTo(
                                text(wanted.get(corpus.relativize(Path.of(key)).toString()))));

        score(Path.of(data.path().toUri()), folder.resolve("of-dataset"));
        Map<String, Group> ofDataset = byKey(folder.resolve("of-dataset"));
        assertThat(ofDataset).hasSize(75);
        ofDataset.forEach((key, row) -> assertThat(text(row)).isEqualTo(text(wanted.get(key))));
    }

    /** All but the key. */
    private static String text(Group row) {
        return row.toString().replaceFirst("key: .*", "");
    }

    private static void write(Path file, List<Path> images) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message files { required binary path (STRING); optional binary content; }");
        GroupFactory rows = new SimpleGroupFactory(schema);
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(hadoop(file)).withType(schema).build()) {
            for (Path image : images) {
                writer.write(rows.newGroup()
                        .append("path", image.toString())
                        .append("content", Binary.fromConstantByteArray(Files.readAllBytes(image))));
            }
        }
    }

    @Test
    void whatIsNoImageIsQuarantinedWithTheReason() throws IOException {
        Path some = Files.createDirectories(folder.resolve("some/deep"));
        Files.copy(images().get(0), some.resolve("good.png"));
        Files.writeString(some.resolve("bad.jpg"), "no image", StandardCharsets.UTF_8);
        Files.write(some.resolve("cut.png"), java.util.Arrays.copyOf(Files.readAllBytes(images().get(1)), 40));
        Files.createFile(some.resolve("empty.png"));
        Files.writeString(some.resolve("Thumbs.db"), "no image either", StandardCharsets.UTF_8);
        Path output = folder.resolve("of-some");
        Scoring.Summary summary = score(folder.resolve("some"), output);
        assertThat(summary.scored()).isEqualTo(1);
        assertThat(summary.quarantined()).isEqualTo(3);
        assertThat(byKey(output)).containsOnlyKeys("deep/good.png");
        assertThat(output.toFile().list())
                .as("names that begin with _ are no data for Spark and Hive")
                .containsExactlyInAnyOrder("part-00000.parquet", "_quarantine", "_score.json", "_job.json");
        assertThat(byKey(output.resolve("_quarantine")))
                .containsOnlyKeys("deep/bad.jpg", "deep/cut.png", "deep/empty.png")
                .allSatisfy((key, row) -> assertThat(row.getString("reason", 0)).isNotBlank());
    }

    @Test
    void whatIsListedAndNotThereIsQuarantined() throws IOException {
        Path list = folder.resolve("missing.csv");
        Files.writeString(list, "path\nnowhere.png\n" + images().get(0) + "\n", StandardCharsets.UTF_8);
        assertThat(score(list, folder.resolve("of-missing")).quarantined()).isEqualTo(1);
        assertThat(byKey(folder.resolve("of-missing/_quarantine"))
                        .get("nowhere.png")
                        .getString("reason", 0))
                .isEqualTo("there is no such file");
    }

    /** A killed job leaves some parts; the next one scores the others, and leaves those alone. */
    @Test
    void aJobGoesOnWhereItEnded() throws IOException {
        Path from = Path.of(data.path().toUri());
        Path whole = folder.resolve("whole");
        score(from, whole);
        Path again = folder.resolve("again");
        score(from, again);
        List<Path> parts;
        try (Stream<Path> files = Files.list(again)) {
            parts = files.filter(file -> file.toString().endsWith(".parquet"))
                    .sorted()
                    .toList();
        }
        assertThat(parts).hasSizeGreaterThan(2);
        Files.delete(parts.get(1));
        Files.delete(again.resolve("_score.json"));
        Files.createDirectories(again.resolve("_temporary/1-left"));
        FileTime before = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(parts.get(0), before);

        assertThat(score(from, again).scored()).isEqualTo(75);
        assertThat(Files.getLastModifiedTime(parts.get(0))).isEqualTo(before);
        assertThat(again.resolve("_temporary")).doesNotExist();
        assertThat(rows(again)).hasToString(rows(whole).toString());
    }

    @Test
    void anotherJobsOutputIsRefused() throws IOException {
        Path output = folder.resolve("taken");
        score(corpus, output);
        assertThatThrownBy(() -> score(corpus, output, new Scoring.Options(3, false)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("it wrote 2 classes of each image and should write 3.");
        assertThatThrownBy(() -> score(corpus.resolve("train"), output))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("the images were those of folder");
        Path full = Files.createDirectories(folder.resolve("full"));
        Files.createFile(full.resolve("something"));
        assertThatThrownBy(() -> score(corpus, full))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("exists and is not empty");
    }

    /** As when a camera writes the same names each day; in a folder, and where a list names the files. */
    @Test
    void filesOfTheSameNamesWithOtherContentAreOtherImages() throws IOException {
        Path camera = Files.createDirectories(folder.resolve("camera"));
        Files.copy(images().get(0), camera.resolve("a.png"));
        Files.copy(images().get(1), camera.resolve("b.png"));
        Path list = folder.resolve("camera.csv");
        Files.writeString(list, "path\ncamera/a.png\ncamera/b.png\ncamera/c.png\n", StandardCharsets.UTF_8);
        for (Path from : List.of(camera, list)) {
            Path output = folder.resolve("of-" + from.getFileName());
            Scoring.Summary first = score(from, output);
            assertThat(score(from, output).scored()).isEqualTo(first.scored()).isEqualTo(2);
        }
        FileTime yesterday = Files.getLastModifiedTime(camera.resolve("b.png"));
        Files.write(camera.resolve("b.png"), Files.readAllBytes(images().get(60)));
        Files.setLastModifiedTime(camera.resolve("b.png"), FileTime.fromMillis(yesterday.toMillis() + 86_400_000));
        for (Path from : List.of(camera, list)) {
            assertThatThrownBy(() -> score(from, folder.resolve("of-" + from.getFileName())))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("has the scores of another job: the images of ")
                    .hasMessageContaining(" are others than when it was begun: files came, went or have other"
                            + " lengths or modification times");
        }
    }

    /** Jobs over shards and tables that an earlier version began are resumed. */
    @Test
    void aJobOverShardsIsKnownByTheSameDigestAsBefore() throws IOException {
        Path output = folder.resolve("of-shards");
        score(Path.of(data.path().toUri()), output);
        ImageInput input = ImageInput.open(data.path(), CONF);
        List<String> ids = new ArrayList<>();
        for (ImagePartition part : input.parts()) {
            TablePart table = (TablePart) part;
            ids.add(table.file() + " " + table.length() + " " + table.modificationTime());
        }
        assertThat(Files.readString(output.resolve("_job.json")))
                .contains(Digests.of(String.join("\n", ids).getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void whereThereIsNothingToScoreItSaysWhatIsWanted() throws IOException {
        Path nothing = Files.createDirectories(folder.resolve("nothing"));
        assertThatThrownBy(() -> score(nothing, folder.resolve("of-nothing")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There are no images at")
                .hasMessageContaining("Wanted: a folder of image files, a dataset");
        assertThatThrownBy(() -> score(folder.resolve("nowhere"), folder.resolve("of-nothing")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is nothing at");
        assertThatThrownBy(() -> new Scoring.Options(0, false)).isInstanceOf(BadInputException.class);
    }

    /** The features, through the classifier's weights, are its scores. */
    @Test
    void featuresAreWhatTheClassifierSees() throws IOException {
        Path output = folder.resolve("with-features");
        score(corpus.resolve("train"), output, new Scoring.Options(3, true));
        NetworkGraph graph = model.networkFactory(1).graph();
        graph.assignParameters(model.parameters());
        INDArray weights = graph.getParam("fc_W");
        INDArray bias = graph.getParam("fc_b");
        List<String> classes = model.description().classes();
        for (Group row : rows(output)) {
            Group features = row.getGroup("features", 0);
            int length = features.getFieldRepetitionCount(0);
            assertThat(length).isEqualTo(64);
            double[] scores = IntStream.range(0, 3)
                    .mapToDouble(c -> bias.getDouble(c)
                            + IntStream.range(0, length)
                                    .mapToDouble(i -> weights.getDouble(i, c)
                                            * features.getGroup(0, i).getFloat(0, 0))
                                    .sum())
                    .map(Math::exp)
                    .toArray();
            double sum = scores[0] + scores[1] + scores[2];
            for (int k = 0; k < 3; k++) {
                int c = classes.indexOf(
                        row.getGroup("classes", 0).getGroup(0, k).getString(0, 0));
                assertThat((double)
                                row.getGroup("probabilities", 0).getGroup(0, k).getFloat(0, 0))
                        .isCloseTo(scores[c] / sum, within(1e-4));
            }
        }
    }

    /** A hundred files are one part; ten million are few enough files for a name node. */
    @Test
    void partsGrowWithTheNumberOfFiles() {
        org.apache.hadoop.fs.Path anywhere = new org.apache.hadoop.fs.Path("/photos");
        assertThat(ImageFiles.named(anywhere, Collections.nCopies(100, "a.jpg")))
                .hasSize(1);
        assertThat(ImageFiles.named(anywhere, Collections.nCopies(257, "a.jpg")))
                .extracting(ImagePartition::images)
                .containsExactly(256L, 1L);
        assertThat(ImageFiles.named(anywhere, Collections.nCopies(10_000_000, "a.jpg")))
                .hasSize(4000)
                .extracting(ImagePartition::images)
                .containsOnly(2500L);
    }
}
