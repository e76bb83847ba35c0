package io.resnetspark.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.input.Normalization;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.registry.ChangeRequest;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.Registry;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import io.resnetspark.train.recipe.InitialModel;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.ValidationCoverage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nights between which the corpus changes. */
@Tag("slow")
class TestRetraining {
    @TempDir
    static Path folder;

    private static JavaSparkContext spark;

    @BeforeAll
    static void start() throws Exception {
        spark = SyntheticCorpora.spark("local[2]");
        SyntheticCorpora.folders(folder.resolve("corpus"), 20, 4, 36);
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private static Outcome night(String more) throws IOException {
        return night(folder, more, Progress.silent());
    }

    private static Outcome night(Path root, String more, Progress progress) throws IOException {
        String plan = """
                name = colours
                registry = "FOLDER/models"
                data = "FOLDER/data"
                runs = "FOLDER/runs"
                recipe = small.conf
                init-from = champion
                set.epochs = 1
                prepare { from = "FOLDER/corpus", resize = 36, max-removed-fraction = 0.5 }
                gate { min-accuracy-gain = -1 }
                """.replace("FOLDER", root.toString());
        String recipe = SmallRecipe.TEXT;
        RetrainPlan parsed = RetrainPlan.parse(plan + more, "plan");
        Reporter reporter = new Reporter(parsed, false, progress);
        return new Retraining(spark, parsed, recipe, reporter).run(false);
    }

    private static ModelArtifact model(Outcome outcome) throws IOException {
        return ModelArtifact.open(new org.apache.hadoop.fs.Path(outcome.run(), "model"), spark.hadoopConfiguration());
    }

    private static Recipe recipe(Outcome outcome) throws IOException {
        Path file = Path.of(java.net.URI.create(outcome.run())).resolve("model/recipe.conf");
        return Recipe.parse(Files.readString(file), file.toString(), Map.of());
    }

    private static void addClass(String name, int train, int val) throws IOException {
        for (int i = 0; i < train + val; i++) {
            Path file = folder.resolve("corpus")
                    .resolve(i < train ? "train" : "val")
                    .resolve(name);
            byte[] noise = new byte[3 * 36 * 36];
            new Random(name.hashCode() + i).nextBytes(noise);
            Files.createDirectories(file);
            Files.write(file.resolve(i + ".png"), ImageCodec.png(new RgbImage(36, 36, noise)));
        }
    }

    private static String digest() throws IOException {
        return Dataset.open(new org.apache.hadoop.fs.Path(folder.resolve("data").toUri()), spark.hadoopConfiguration())
                .digest();
    }

    /** Its weights are used as they were trained, unless the plan says otherwise. */
    @Test
    void anImportedChampionIsTrainedOnWithImagesOfTheSameScale() throws Exception {
        SyntheticCorpora.folders(folder.resolve("others"), 12, 4, 36);
        ModelArtifact imported = Models.write(
                new org.apache.hadoop.fs.Path(folder.resolve("imported").toUri()),
                "resnet20",
                List.of("blue", "green", "red"),
                Normalization.perChannel(new float[] {124, 116, 104}).withStd(new float[] {58, 57, 57}),
                spark.hadoopConfiguration());
        RegisteredModel model = new Registry(
                        new org.apache.hadoop.fs.Path(folder.resolve("models").toUri()), spark.hadoopConfiguration())
                .model("imported");
        model.promote(
                model.publish(imported, ChangeRequest.byHand("imported")), "champion", ChangeRequest.byHand("first"));
        String own = """
                name = imported
                data = "FOLDER/other-data"
                runs = "FOLDER/other-runs"
                prepare.from = "FOLDER/others"
                """.replace("FOLDER", folder.toString());
        assertThatThrownBy(() -> night(own + "set.data.std = none"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("Set data.std = per-channel.");
        Outcome outcome = night(own);
        assertThat(outcome.outcome()).as(outcome.reason()).isEqualTo(Outcome.Kind.PROMOTED);
        assertThat(recipe(outcome).data().dividesByStd()).isTrue();
        assertThat(model(outcome).description().evaluation().deviation()).hasSize(3);
    }

    @Test
    void whateverBecomesOfTheCorpusTheNightGoesOn() throws Exception {
        Outcome first = night("");
        assertThat(first.outcome()).as(first.reason()).isEqualTo(Outcome.Kind.PROMOTED);

        Path corpus = folder.resolve("corpus");
        Files.delete(corpus.resolve("train/red/0.png"));
        Files.write(corpus.resolve("train/red/1.png"), ImageCodec.png(SyntheticImages.ofClass(0, 40, 40, 9999)));
        addClass("amber", 12, 4);
        addClass("tiny", 2, 0); // nothing to validate on
        FileUtil.fullyDelete(corpus.resolve("train/green").toFile());
        FileUtil.fullyDelete(corpus.resolve("val/green").toFile());

        String before = digest();
        assertThatThrownBy(() -> night("prepare.max-removed-fraction = 0.1"))
                .isInstanceOf(BadInputException.class)
                .extracting("remedies", LIST)
                .singleElement()
                .extracting("kind")
                .isEqualTo(Remedy.Kind.ALLOW_REMOVED_IMAGES);
        assertThat(digest()).isEqualTo(before);
        assertThatThrownBy(() -> night("gate.split = test"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has no images in its split test; it has train (53), val (12)");

        for (String name : new String[] {"validation-coverage", "validation"}) { // today's and the last release's
            assertThatThrownBy(() -> night("set.data." + name + " = every-class"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("has no images in its split val of 1 of 4 classes: tiny");
        }

        Outcome second = night("");
        assertThat(second.outcome()).as(second.reason()).isEqualTo(Outcome.Kind.PROMOTED);
        assertThat(second.reason())
                .isEqualTo("2 new classes: amber, tiny; 1 class is gone: green;"
                        + " 18 new images, 25 removed, 1 changed");
        assertThat(second.figures().path("unknown_to_champion")).hasToString("[\"amber\",\"tiny\"]");
        assertThat(second.figures().path("gain_in_known_classes").isNumber()).isTrue();
        assertThat(model(second).description().classes()).containsExactly("amber", "blue", "red", "tiny");
        assertThat(recipe(second).initialModel().path()).endsWith("/models/colours/v1");
        assertThat(recipe(second).initialModel().head()).isEqualTo(InitialModel.Head.BY_CLASS);
        assertThat(recipe(second).data().validationCoverage()).isEqualTo(ValidationCoverage.SOME_CLASSES);

        Outcome third = night("");
        assertThat(third.outcome()).as(third.reason()).isEqualTo(Outcome.Kind.NOTHING);
        assertThat(third.champion()).isEqualTo(2);
        assertThat(recipe(second).data().dividesByStd())
                .as("as the champion does")
                .isFalse();
    }

    /** A disk that is not mounted, and a machine with other cores. */
    @Test
    void anAttemptOutlivesWhatPasses() throws Exception {
        Path root = folder.resolve("passing");
        SyntheticCorpora.folders(root.resolve("corpus"), 20, 4, 36);
        Progress crash = (name, unit, total) -> {
            if (name.equals("epoch 2/2")) {
                throw new IllegalStateException("a crash");
            }
            return Progress.silent().begin(name, unit, total);
        };
        String two = "set.epochs = 2";
        assertThatThrownBy(() -> night(root, two, crash)).hasMessageContaining("a crash");
        Path attempt = onlyAttempt(root);
        assertThat(attempt.resolve("checkpoints")).isNotEmptyDirectory();

        Files.move(root.resolve("data"), root.resolve("not-mounted"));
        assertThatThrownBy(() -> night(root, two, Progress.silent()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is no dataset at " + root.resolve("data"))
                .extracting("remedies", LIST)
                .containsExactly(Remedy.of(Remedy.Kind.GIVE_UP));
        assertThat(root.resolve("data")).doesNotExist();
        Files.move(root.resolve("not-mounted"), root.resolve("data"));

        spark.close();
        spark = SyntheticCorpora.spark("local[1]");
        assertThatThrownBy(() -> night(root, two, Progress.silent()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("threads and has")
                .extracting("remedies", LIST)
                .containsExactly(Remedy.of(Remedy.Kind.GIVE_UP));
        assertThat(attempt.resolve("checkpoints")).isNotEmptyDirectory();
        assertThat(attempt.resolve("outcome.json")).doesNotExist();

        spark.close();
        spark = SyntheticCorpora.spark("local[2]");
        Outcome outcome = night(root, two, Progress.silent());
        assertThat(outcome.outcome()).as(outcome.reason()).isEqualTo(Outcome.Kind.PROMOTED);
        assertThat(Path.of(java.net.URI.create(outcome.run()))).isEqualTo(onlyAttempt(root));
        assertThat(attempt.resolve("checkpoints")).doesNotExist();
    }

    private static Path onlyAttempt(Path root) throws IOException {
        try (Stream<Path> all = Files.list(root.resolve("runs"))) {
            List<Path> attempts = all.filter(
                            path -> path.getFileName().toString().matches("[0-9]+-.*"))
                    .toList();
            assertThat(attempts).hasSize(1);
            return attempts.get(0);
        }
    }
}
