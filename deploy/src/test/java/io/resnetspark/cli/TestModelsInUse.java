package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.MiniHdfs;
import io.resnetspark.train.artifact.Models;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of a model: predictions, evaluations, a version in a registry. */
class TestModelsInUse extends Commands {
    @Test
    void predictsAndPublishes() throws IOException {
        Models.write(folder.resolve("model"));
        Files.write(folder.resolve("a.jpg"), ImageCodec.jpeg(SyntheticImages.ofClass(0, 50, 40, 1), 0.9f));
        assertThat(run("models", "publish", at("model"), "--registry", at("registry"), "--name", "pets"))
                .isZero();
        assertThat(run("predict", at("registry") + "#pets@1", at("a.jpg"), "--json"))
                .isZero();
        JsonNode image = Json.COMPACT.readTree(out).get(0);
        assertThat(image.get("file").asText()).isEqualTo(at("a.jpg"));
        assertThat(image.get("predictions")).hasSize(2);
        assertThat(image.get("predictions").get(0).get("class").asText()).isIn("cat", "dog");
        assertThat(image.get("predictions").get(0).get("probability").asDouble())
                .isBetween(0.5, 1.0);

        assertThat(run("models", "list", "--registry", at("registry"), "--json"))
                .isZero();
        JsonNode listed = Json.COMPACT.readTree(out).get(0);
        assertThat(listed.get("name").asText()).isEqualTo("pets");
        assertThat(listed.get("version").asInt()).isEqualTo(1);
        assertThat(listed.has("aliases")).isTrue();
        assertThat(listed.has("top1_error")).isTrue();
        assertThat(listed.has("created")).isTrue();
        assertThat(run("models", "show", "pets", "--registry", at("registry"))).isZero();
        assertThat(Json.COMPACT.readTree(out).get("description").get("network").asText())
                .isEqualTo("resnet20");
        assertThat(run("models", "verify", "--registry", at("registry"))).isZero();
        assertThat(out).contains("pets@1 is whole");
    }

    /** In the working directory names stand alone: an option, a scheme or a file of arguments they are not. */
    @Test
    void aNameAloneIsAFile() throws IOException {
        Models.write(folder.resolve("model"));
        for (String name : List.of("-x.jpg", "@x.jpg", "a:b.jpg", "C:x")) {
            assertThat(run("predict", at("model"), "--", name)).isEqualTo(2);
            assertThat(err).contains("There is no image at " + name);
        }
    }

    @Test
    void saysWhatIsWrongWithAModel() throws IOException {
        refused("There is no model at", "predict", at("model"), at("a.jpg"));
        Models.write(folder.resolve("model"));
        refused("There is no image at", "predict", at("model"), at("a.jpg"));
        Files.writeString(folder.resolve("a.jpg"), "no image");
        refused("a.jpg: not an image", "predict", at("model"), at("a.jpg"));
        Files.writeString(folder.resolve("model/preprocessing.json"), "{}");
        ends(6, "preprocessing.json has 2 bytes", "predict", at("model"), at("a.jpg"));
        ends(6, "is damaged", "models", "publish", at("model"), "--registry", at("registry"), "--name", "pets");
        assertThat(folder.resolve("registry")).doesNotExist();
    }

    @Test
    void saysThatTheDiskIsFullAndChangesNothing() throws IOException {
        Models.write(folder.resolve("model"));
        try (MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"))) {
            String registry = hdfs.uri() + "/models";
            assertThat(run("models", "publish", at("model"), "--registry", registry, "--name", "pets"))
                    .isZero();
            hdfs.setSpaceQuota(new org.apache.hadoop.fs.Path("/models"), 1 << 20);
            ends(
                    5,
                    "what was there before is unchanged",
                    "models",
                    "publish",
                    at("model"),
                    "--registry",
                    registry,
                    "--name",
                    "pets");
            assertThat(run("models", "verify", "--registry", registry)).isZero();
            assertThat(out).isEqualTo("pets@1 is whole" + System.lineSeparator());
        }
    }

    private void prepare(String corpus, String data, String... splits) throws IOException {
        for (String split : splits) {
            for (String label : new String[] {"cat", "dog"}) {
                for (int i = 0; i < 3; i++) {
                    Path file =
                            folder.resolve(corpus).resolve(split).resolve(label).resolve(split + i + ".png");
                    Files.createDirectories(file.getParent());
                    Files.write(
                            file, ImageCodec.png(SyntheticImages.ofClass(i, 40, 50, (split + label + i).hashCode())));
                }
            }
        }
        assertThat(run("prepare", "--from", at(corpus), "--output", at(data)))
                .as(err)
                .isZero();
    }

    /** Of two classes, the best five say nothing. */
    @Test
    void evaluatesBySeveralProtocolsInOneGo() throws IOException {
        Models.write(folder.resolve("model"));
        prepare("corpus", "data", "train", "val", "test");
        String[] evaluate = {"evaluate", at("model"), "--protocol", "one-crop", "--protocol", "ten-crop"};
        for (String split : new String[] {"val", "test"}) {
            String json = at(split + ".json");
            assertThat(run(with(evaluate, "--data", at("data"), "--split", split, "--output", json)))
                    .as(err)
                    .isZero();
            assertThat(out.lines()).hasSize(2);
            assertThat(out)
                    .contains("one-crop, ")
                    .contains("ten-crop, ")
                    .contains("of 6 right: top-1 error")
                    .doesNotContain("top-5");
            JsonNode results = Json.COMPACT.readTree(new File(json));
            assertThat(results.findValuesAsText("protocol")).containsExactly("one-crop", "ten-crop");
            assertThat(results.findValuesAsText("split")).containsExactly(split, split);
        }
        assertThat(run("evaluate", at("model"), "--data", at("data"), "--json")).isZero();
        assertThat(Json.COMPACT.readTree(out).path("count").asInt()).isEqualTo(6);
        refused(
                "There is no split 'dev'; there are train, val and test",
                with(evaluate, "--data", at("data"), "--split", "dev"));
        prepare("other", "untested", "train", "val");
        refused(
                "has no images in its split test; it has train (6), val (6).",
                with(evaluate, "--data", at("untested"), "--split", "test"));
    }

    @Test
    void evaluatesAnEnsembleAndWritesScores() throws IOException {
        Models.write(folder.resolve("first"));
        Models.write(folder.resolve("second"));
        prepare("corpus", "data", "train", "val");
        String[] evaluate = {"evaluate", at("first"), at("second"), "--data", at("data"), "--ensemble"};
        assertThat(run(with(
                        evaluate,
                        "--protocol",
                        "multi-scale",
                        "--protocol",
                        "one-crop",
                        "--scales",
                        "32,40",
                        "--per-class",
                        "--scores",
                        at("scores.jsonl"),
                        "--output",
                        at("results.json"))))
                .as(err)
                .isZero();
        assertThat(out)
                .contains("ensemble: multi-scale, ")
                .contains("ensemble: one-crop, ")
                .containsPattern("class  precision +recall  support  mostly taken for")
                .containsPattern("cat +[-0-9].* 3  ");
        JsonNode reports = Json.COMPACT.readTree(new File(at("results.json")));
        assertThat(reports.findValuesAsText("model"))
                .containsExactly(at("first"), at("first"), at("second"), at("second"), "ensemble", "ensemble");
        JsonNode report = reports.get(4);
        assertThat(report.at("/classes/1/support").asInt()).isEqualTo(3);
        assertThat(report.at("/top1_interval/lower").isNumber()).isTrue();
        assertThat(report.at("/expected_calibration_error").isNumber()).isTrue();
        int confused = 0;
        for (JsonNode entry : report.get("confusion")) {
            confused += entry.get("count").asInt();
        }
        assertThat(confused).isEqualTo(6);
        // Both are the same model, and the mean of two equal numbers is that number.
        for (String field : List.of("correct", "top1_error", "cross_entropy", "confusion")) {
            assertThat(report.get(field)).as(field).isEqualTo(reports.get(0).get(field));
        }
        List<String> lines = Files.readAllLines(folder.resolve("scores.jsonl"));
        assertThat(lines).hasSize(6 * 3 * 2);
        JsonNode score = Json.COMPACT.readTree(lines.get(0));
        assertThat(score.get("model").asText()).isEqualTo(at("first"));
        assertThat(score.get("protocol").asText()).isEqualTo("multi-scale");
        assertThat(score.get("label").asText()).isIn("cat", "dog");
        assertThat(score.at("/top/0/class")).isEqualTo(score.get("predicted"));
        assertThat(score.at("/top/0/probability").asDouble()).isBetween(0.5, 1.0);
        refused("nothing is overwritten. Name another --scores", with(evaluate, "--scores", at("scores.jsonl")));
    }

    @Test
    void refusesWhatCannotBeEvaluatedBeforeAnyWork() throws IOException {
        Models.write(folder.resolve("model"));
        prepare("corpus", "data", "train", "val");
        String[] evaluate = {"evaluate", at("model"), "--data", at("data")};
        refused("An ensemble has two models or more", with(evaluate, "--ensemble"));
        refused("--scales are of multi-scale", with(evaluate, "--scales", "32"));
        refused("there is one-crop or ten-crop or multi-scale", with(evaluate, "--protocol", "five-crop"));
        String[] multiScale = with(evaluate, "--protocol", "multi-scale", "--scales");
        refused("needs positive shorter sides of at most 1024 pixels, not [0]", with(multiScale, "0"));
        refused("the smallest are 3x3x3", with(multiScale, "32,2"));
        refused(
                "Whole images (multi-scale) are computed on the CPU",
                with(evaluate, "--protocol", "multi-scale", "--kernels", "cuda"));
        rename("model", "vgg", "manifest.json", "resnet20", "vgg16");
        refused(
                "A vgg16 cannot be evaluated by multi-scale: its fully connected layers are for images of one size",
                "evaluate",
                at("vgg"),
                "--data",
                at("data"),
                "--protocol",
                "multi-scale");
        rename("model", "wolf", "classes.txt", "dog", "wolf");
        refused(
                "are not the dataset's: only the model has wolf; only the dataset has dog",
                "evaluate",
                at("wolf"),
                "--data",
                at("data"));
        refused(
                "The models of an ensemble must have the same classes: only " + at("model") + " has dog; only "
                        + at("wolf") + " has wolf",
                "evaluate",
                at("model"),
                at("wolf"),
                "--data",
                at("data"),
                "--ensemble");
    }

    /** A copy of a model whose file says something else: what it says of itself is read before its bytes are checked. */
    private void rename(String model, String copy, String file, String from, String to) throws IOException {
        Files.createDirectories(folder.resolve(copy));
        try (var files = Files.list(folder.resolve(model))) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(copy).resolve(each.getFileName()));
            }
        }
        Path changed = folder.resolve(copy).resolve(file);
        assertThat(changed).content().contains(from);
        Files.writeString(changed, Files.readString(changed).replace(from, to));
    }
}
