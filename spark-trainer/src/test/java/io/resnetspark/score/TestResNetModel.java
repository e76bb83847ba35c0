package io.resnetspark.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Progress;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.RunOptions;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.ThreeColours;
import io.resnetspark.train.Training;
import io.resnetspark.train.TrainingSetup;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ImageClassifier.Prediction;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The stage of Spark ML, in a real Spark SQL. */
class TestResNetModel extends ThreeColours {
    private static final StructType IMAGES =
            new StructType().add("path", DataTypes.StringType).add("content", DataTypes.BinaryType);

    private static SparkSession session;
    private static Path run;
    private static List<Path> files;

    @BeforeAll
    static void train() throws IOException {
        prepare(10, 5, 36, 1 << 16);
        run = folder.resolve("run");
        new Training(
                        TrainingSetup.of(spark, SmallRecipe.with(Map.of("epochs", "1"), Map.of()), data),
                        RunOptions.begin(hadoop(run)),
                        Progress.silent())
                .run();
        try (Stream<Path> found = Files.walk(folder.resolve("corpus/val"))) {
            files = found.filter(Files::isRegularFile).sorted().toList();
        }
        session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
        session.conf().set("spark.sql.shuffle.partitions", "2");
    }

    @AfterAll
    static void forget() {
        SparkSession.clearActiveSession();
        SparkSession.clearDefaultSession();
    }

    private static Dataset<Row> images() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Path file : files) {
            rows.add(RowFactory.create(name(file), Files.readAllBytes(file)));
        }
        rows.add(RowFactory.create("broken", new byte[] {1, 2, 3}));
        rows.add(RowFactory.create("null", null));
        return session.createDataset(rows, Encoders.row(IMAGES)).repartition(3);
    }

    /** With the folder, which is its class. */
    private static String name(Path file) {
        return corpus.relativize(file).toString();
    }

    /** What predict says of a file. */
    private static List<Prediction> predicted(Path file) throws Exception {
        try (ImageClassifier classifier =
                new ImageClassifier(ModelArtifact.open(hadoop(run.resolve("model")), new Configuration()))) {
            return classifier.classify(Files.readAllBytes(file), 2);
        }
    }

    @Test
    void rowsGetTheScoresOfPredict() throws Exception {
        Dataset<Row> scored = ResNetModel.load(run.toString()).setTopK(2).transform(images());
        assertThat(scored.columns())
                .containsExactly("path", "content", "class", "probability", "classes", "probabilities", "problem");
        List<Row> rows = scored.orderBy("path").collectAsList();
        assertThat(rows).hasSize(files.size() + 2);
        for (Path file : files) {
            Row row = rows.stream()
                    .filter(one -> one.getString(0).equals(name(file)))
                    .findFirst()
                    .orElseThrow();
            List<Prediction> expected = predicted(file);
            assertThat(row.getString(2)).isEqualTo(expected.get(0).label());
            assertThat(row.<Float>getAs("probability"))
                    .isEqualTo(row.<Float>getList(5).get(0));
            assertThat(row.getList(4))
                    .isEqualTo(expected.stream().map(Prediction::label).toList());
            for (int k = 0; k < 2; k++) {
                assertThat((double) row.<Float>getList(5).get(k))
                        .isCloseTo(expected.get(k).probability(), within(1e-5));
            }
            assertThat(row.isNullAt(6)).isTrue();
        }
        assertThat(rows.stream()
                        .filter(row -> row.getString(0).equals("broken"))
                        .toList())
                .singleElement()
                .satisfies(row -> {
                    assertThat(row.isNullAt(2)).isTrue();
                    assertThat(row.isNullAt(4)).isTrue();
                    assertThat(row.getString(6)).isEqualTo("not an image");
                });
        assertThat(scored.filter("path = 'null'").first().getString(6)).isEqualTo("its column is null");
    }

    @Test
    void aPipelineIsSavedAndLoaded() throws Exception {
        ResNetModel stage = ResNetModel.load(run.toString()).setTopK(1).setFeatures(true);
        PipelineModel fitted =
                new Pipeline().setStages(new PipelineStage[] {stage}).fit(images());
        String saved = folder.resolve("pipeline").toUri().toString();
        fitted.write().save(saved);
        List<Row> rows =
                PipelineModel.load(saved).transform(images()).orderBy("path").collectAsList();
        assertThat(rows).isEqualTo(stage.transform(images()).orderBy("path").collectAsList());
        Row row = rows.get(rows.size() - 1); // the first two are those without a score
        assertThat(row.getList(row.fieldIndex("features"))).isNotEmpty();
        assertThat(row.getList(row.fieldIndex("classes"))).hasSize(1);

        String alone = folder.resolve("stage").toUri().toString();
        stage.write().save(alone);
        assertThat(ResNetModel.load(alone).transform(images()).orderBy("path").collectAsList())
                .isEqualTo(rows);
    }

    /** Uses of one stage, and of two, in the same job. */
    @Test
    void severalUsesShareAJob() throws Exception {
        ResNetModel stage = ResNetModel.load(run.toString()).setTopK(1);
        Dataset<Row> once = stage.transform(images());
        Dataset<Row> other = ResNetModel.load(run.toString()).setTopK(1).transform(images());
        assertThat(once.union(stage.transform(images()))
                        .union(other)
                        .groupBy("path", "class", "problem")
                        .count()
                        .collectAsList())
                .hasSize(files.size() + 2)
                .allSatisfy(row -> assertThat(row.getLong(3)).isEqualTo(3));
    }

    @Test
    void badInputIsRefusedBeforeAnyWork() throws Exception {
        ResNetModel stage = ResNetModel.load(run.toString());
        refused(
                "There is no column picture. There are path, content",
                () -> stage.copy(org.apache.spark.ml.param.ParamMap.empty())
                        .setInputCol("picture")
                        .transform(images()));
        refused(
                "The column path is of type string; wanted: binary",
                () -> ResNetModel.load(run.toString()).setInputCol("path").transform(images()));
        refused(
                "There is a column classes already",
                () -> stage.transform(images().withColumnRenamed("path", "Classes")));
        refused("There is a column class already", () -> stage.transform(images().withColumnRenamed("path", "class")));
        assertThatThrownBy(() -> stage.setTopK(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("topK given invalid value 0");
        refused("This stage has no model", () -> new ResNetModel().transform(images()));
        refused(
                "There is no model at",
                () -> ResNetModel.load(folder.resolve("nowhere").toString()));
    }

    private static void refused(String message, org.assertj.core.api.ThrowableAssert.ThrowingCallable work) {
        assertThatThrownBy(work).isInstanceOf(BadInputException.class).hasMessageContaining(message);
    }
}
