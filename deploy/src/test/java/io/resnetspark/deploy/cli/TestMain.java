package io.resnetspark.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.data.Corpora;
import io.resnetspark.data.OddNames;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Pictures;
import io.resnetspark.deploy.Models;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.MiniHdfs;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands in this JVM: what they print, and what they say of bad input. */
class TestMain {
    @TempDir
    Path folder;

    private String out;
    private String err;

    private int run(String... arguments) {
        Ran ran = Ran.of(arguments);
        out = ran.out();
        err = ran.err();
        return ran.code();
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    private void refused(String message, String... arguments) {
        ends(2, message, arguments);
    }

    private void ends(int code, String message, String... arguments) {
        assertThat(run(arguments)).as(err).isEqualTo(code);
        assertThat(err).contains(message).doesNotContain("\tat ");
    }

    @Test
    void networksHaveTheFieldsThatScriptsRelyOn() throws IOException {
        assertThat(run("networks", "--json")).isZero();
        JsonNode first = Json.COMPACT.readTree(out).get(0);
        assertThat(first.get("name").asText()).isEqualTo("resnet18");
        assertThat(first.get("parameters").asLong()).isEqualTo(11_689_512);
        assertThat(first.get("multiply_adds").asLong()).isEqualTo(1_814_073_344);
        assertThat(first.get("layers").asInt()).isEqualTo(18);
        assertThat(run("networks")).isZero();
        assertThat(out).contains("resnet152").contains("60,192,808");
    }

    @Test
    void networksEstimatesMemoryAndRefusesWhatNoNetworkCanTake() throws IOException {
        assertThat(run("networks", "--network", "resnet50", "--batch", "32", "--json"))
                .isZero();
        assertThat(Json.COMPACT.readTree(out).get("activations").asDouble()).isCloseTo(3.67e9, within(3e7));
        assertThat(run("networks", "--network", "vgg16", "--channels", "1", "--image", "64", "--classes", "7"))
                .isZero();
        assertThat(out).contains("1x64x64").doesNotContain("resnet");
        refused("wanted at least 1.", "networks", "--network", "resnet50", "--classes", "0");
        refused("the smallest are 3x17x17", "networks", "--network", "resnet50", "--image", "16");
        refused("--batch 0 wants", "networks", "--network", "resnet50", "--batch", "0");
        refused("Did you mean 'resnet50'", "networks", "--network", "resnet-50");
    }

    @Test
    void importsWhatItExports() throws IOException {
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        assertThat(run("export", at("model"), "--format", "safetensors", "--to", at("w.safetensors")))
                .as(err)
                .isZero();
        assertThat(run("export", at("model"), "--format", "onnx", "--to", at("w.onnx")))
                .isZero();
        assertThat(Files.size(folder.resolve("w.onnx"))).isGreaterThan(1_000_000);
        refused("exists, and nothing is overwritten", "export", at("model"), "--format", "onnx", "--to", at("w.onnx"));

        Files.writeString(folder.resolve("classes.txt"), "cat\ndog\n");
        String[] words = {"import", "--network", "resnet20", "--weights", at("w.safetensors"), "--to", at("again")};
        assertThat(run(with(words, "--classes", at("classes.txt")))).as(err).isZero();
        assertThat(Files.readAllBytes(folder.resolve("again/weights.safetensors")))
                .isEqualTo(Files.readAllBytes(folder.resolve("model/weights.safetensors")));
        Files.write(folder.resolve("a.jpg"), Codec.jpeg(Pictures.ofClass(0, 50, 40, 1), 0.9f));
        assertThat(run("predict", at("again"), at("a.jpg"))).isZero();
        assertThat(out).contains("cat").contains("dog");
        JsonNode seen =
                Json.COMPACT.readTree(folder.resolve("again/preprocessing.json").toFile());
        assertThat(seen.get("deviation").get(0).asDouble()).isCloseTo(0.229 * 255, within(1e-3));
        assertThat(seen.get("crop").asInt()).isEqualTo(32);
    }

    @Test
    void saysWhatIsWrongWithWeights() throws IOException {
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        run("export", at("model"), "--format", "safetensors", "--to", at("w"));
        String[] words = {"import", "--network", "resnet20", "--weights", at("w"), "--to", at("again")};
        refused("misshapen: fc.bias is [2], wanted [3]", with(words, "--classes", "3"));
        refused("missing: layer1.3.conv1.weight", with(words, "--classes", "2", "--network=resnet32"));
        refused("unknown: dense.bias", with(words, "--classes", "2", "--rename", "fc=dense"));
        refused("--classes 0 is out of range", with(words, "--classes", "0"));
        refused("is neither a number nor a file", with(words, "--classes", at("nothing")));
        refused(
                "--shorter-side 16 must be at least as much",
                with(words, "--classes", "2", "--crop", "32", "--shorter-side", "16"));
        refused("three positive values", with(words, "--classes", "2", "--deviation", "1,0,1"));
        refused("takes three values of 0 to 1", with(words, "--classes", "2", "--deviation", "NaN,1,1"));
        refused("takes three values of 0 to 1", with(words, "--classes", "2", "--mean", "123,116,103"));
        refused("two tensors are called bn1.weight", with(words, "--classes", "2", "--rename", "layer1.0.bn1=bn1"));
        refused("the smallest are 3x3x3", with(words, "--classes", "2", "--crop", "2"));
        Files.writeString(folder.resolve("empty"), "\n");
        refused("names no class", with(words, "--classes", at("empty")));
        refused("is neither a number nor a file", with(words, "--classes", folder.toString()));
        Files.write(folder.resolve("w"), new byte[] {1, 2, 3});
        refused("The safetensors file ends early", with(words, "--classes", "2"));
        assertThat(folder.resolve("again")).doesNotExist();
    }

    private static String[] with(String[] words, String... more) {
        List<String> all = new ArrayList<>(List.of(words));
        for (String word : more) {
            if (word.startsWith("--network=")) {
                all.set(2, word.substring("--network=".length()));
            } else {
                all.add(word);
            }
        }
        return all.toArray(String[]::new);
    }

    @Test
    void benchHasTheFieldsThatScriptsReadAndDiesOfNoBatch() throws IOException {
        assertThat(run(
                        "bench",
                        "train",
                        "--network",
                        "resnet20",
                        "--batch",
                        "4",
                        "--iterations",
                        "1",
                        "--threads",
                        "1",
                        "--json"))
                .as(err)
                .isZero();
        JsonNode result = Json.COMPACT.readTree(out);
        assertThat(result.get("network").asText()).isEqualTo("resnet20");
        assertThat(result.get("image").asInt()).isEqualTo(32);
        for (String field : List.of(
                "batch",
                "threads",
                "train_images_per_second",
                "inference_images_per_second",
                "peak_resident_mib",
                "peak_share")) {
            assertThat(result.get(field).asDouble()).as(field).isPositive();
        }
        assertThat(result.get("kernels").asText()).isEqualTo("auto");
        refused("MiB are free.", "bench", "train", "--network", "resnet152", "--batch", "100000");
        refused("--threads 999999 is out of range", "bench", "train", "--network", "resnet20", "--threads", "999999");
        refused("--batch 0 is out of range", "bench", "train", "--network", "resnet20", "--batch", "0");
    }

    @Test
    void predictsAndPublishes() throws IOException {
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        Files.write(folder.resolve("a.jpg"), Codec.jpeg(Pictures.ofClass(0, 50, 40, 1), 0.9f));
        assertThat(run("models", "publish", at("model"), "--registry", at("registry"), "--name", "pets"))
                .isZero();
        assertThat(run("predict", at("registry") + "#pets@1", at("a.jpg"), "--json"))
                .isZero();
        JsonNode picture = Json.COMPACT.readTree(out).get(0);
        assertThat(picture.get("file").asText()).isEqualTo(at("a.jpg"));
        assertThat(picture.get("predictions")).hasSize(2);
        assertThat(picture.get("predictions").get(0).get("class").asText()).isIn("cat", "dog");
        assertThat(picture.get("predictions").get(0).get("probability").asDouble())
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

    @Test
    void namesOfFilesAreOnlyNames() throws IOException {
        Path odd = folder.resolve("12:30 #1, 100% [x]");
        int pictures = OddNames.write(
                odd.resolve("corpus/cat"), number -> Codec.png(Pictures.ofClass(number % 3, 24, 20, number)));
        Files.createDirectories(odd.resolve("corpus/dog/"));
        Files.write(odd.resolve("corpus/dog/1.png"), Codec.png(Pictures.ofClass(0, 24, 20, 1000)));
        assertThat(run(
                        "prepare",
                        "--from",
                        odd.resolve("corpus").toString(),
                        "--to",
                        odd.resolve("a:b").toString()))
                .as(err)
                .isZero();
        int extracted = 0;
        for (String split : List.of("train", "val")) {
            String to = odd.resolve("extracted " + split).toString();
            assertThat(run(
                            "data",
                            "extract",
                            odd.resolve("a:b").toString(),
                            "--split",
                            split,
                            "--count",
                            "1000",
                            "--to",
                            to))
                    .as(err)
                    .isZero();
            extracted += new File(to).list().length;
        }
        assertThat(extracted).isEqualTo(pictures + 1);

        Path model = odd.resolve("model#1");
        Models.write(new org.apache.hadoop.fs.Path(model.toUri()), new Configuration());
        List<String> words = new ArrayList<>(List.of("predict", model.toString(), "--json", "--"));
        OddNames.all().forEach(name -> words.add(odd.resolve("corpus/cat") + "/" + name));
        assertThat(run(words.toArray(String[]::new))).as(err).isZero();
        assertThat(Json.COMPACT.readTree(out)).hasSize(OddNames.all().size());
    }

    /** In the working directory names stand alone: an option, a scheme or a file of arguments they are not. */
    @Test
    void aNameAloneIsAFile() throws IOException {
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        for (String name : List.of("-x.jpg", "@x.jpg", "a:b.jpg", "C:x")) {
            assertThat(run("predict", at("model"), "--", name)).isEqualTo(2);
            assertThat(err).contains("There is no picture at " + name);
        }
    }

    @Test
    void textThatIsNotUtf8IsRefusedWithItsLine() throws IOException {
        byte[] latin = "# ok\n# caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1);
        Files.write(folder.resolve("latin.conf"), latin);
        refused("latin.conf:2:", "train", at("latin.conf"), "--data", at("data"), "--out", at("run"));
        assertThat(err).contains("0xE9").contains("iconv -f ISO-8859-1 -t UTF-8");
        refused("latin.conf:2:", "retrain", at("latin.conf"));
        refused(
                "latin.conf:2:",
                "import",
                "--network",
                "resnet20",
                "--weights",
                at("w"),
                "--to",
                at("again"),
                "--classes",
                at("latin.conf"));
    }

    @Test
    void saysWhatIsWrongWithAModel() throws IOException {
        refused("There is no model at", "predict", at("model"), at("a.jpg"));
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        refused("There is no picture at", "predict", at("model"), at("a.jpg"));
        Files.writeString(folder.resolve("a.jpg"), "no picture");
        refused("a.jpg: not a picture", "predict", at("model"), at("a.jpg"));
        Files.writeString(folder.resolve("model/preprocessing.json"), "{}");
        ends(6, "preprocessing.json has 2 bytes", "predict", at("model"), at("a.jpg"));
        ends(6, "is damaged", "models", "publish", at("model"), "--registry", at("registry"), "--name", "pets");
        assertThat(folder.resolve("registry")).doesNotExist();
    }

    @Test
    void saysThatTheDiskIsFullAndChangesNothing() throws IOException {
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        try (MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"))) {
            String registry = hdfs.uri() + "/models";
            assertThat(run("models", "publish", at("model"), "--registry", registry, "--name", "pets"))
                    .isZero();
            hdfs.limit(new org.apache.hadoop.fs.Path("/models"), 1 << 20);
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

    @Test
    void errorsAreJsonWhereResultsAre() throws IOException {
        assertThat(run("predict", at("model"), at("a.jpg"), "--json")).isEqualTo(2);
        assertThat(Json.COMPACT.readTree(out).get("error").asText()).contains("There is no model at");
    }

    @Test
    void saysWhatIsWrongWithACorpus() throws IOException {
        refused("There is nothing at", "prepare", "--from", at("nowhere"), "--to", at("data"));
        refused(
                "there are folders, ilsvrc, cifar10, list, binary-file",
                "prepare",
                "--from",
                at("x"),
                "--to",
                at("data"),
                "--source",
                "imagenet");
        refused(
                "there are auto, set-aside and keep",
                "prepare",
                "--from",
                at("x"),
                "--to",
                at("data"),
                "--doubles",
                "x");
        refused("is no size", "prepare", "--from", at("x"), "--to", at("data"), "--shard-size", "many");
        refused("Missing required option", "prepare", "--from", at("x"));
        Files.createDirectories(folder.resolve("data"));
        Corpora.folders(folder.resolve("corpus"), 2, 1, 20);
        refused("nothing is overwritten", "prepare", "--from", at("corpus"), "--to", at("data"));
    }

    @Test
    void showsWhatIsInADataset() throws IOException {
        Corpora.folders(folder.resolve("corpus"), 6, 2, 40);
        String sheet = at("sheet.png");
        assertThat(run("prepare", "--from", at("corpus"), "--to", at("data"), "--preview", sheet))
                .as(err)
                .isZero();
        assertThat(out).contains("18 pictures to train on, 6 to validate on, 3 classes, 2 shards");
        assertThat(ImageIO.read(new File(sheet)).getWidth()).isEqualTo(6 * (224 + 8) + 8);
        assertThat(run("prepare", "--from", at("corpus"), "--to", at("data"))).isZero();
        assertThat(out).contains("nothing is new");
        refused("sheet.png exists", "prepare", "--from", at("corpus"), "--to", at("more"), "--preview", sheet);
        refused("sheet.png exists", "data", "preview", at("data"), "--to", sheet);
        assertThat(run("data", "describe", at("data"))).isZero();
        assertThat(out)
                .contains("train          18 pictures in 1 shards")
                .containsPattern("1 green +6 to train on +2 to validate on")
                .contains("shorter sides, in pixels as found: from 0: 24")
                .contains("component of deviation");
        assertThat(run("data", "describe", at("data"), "--json")).isZero();
        assertThat(Json.COMPACT.readTree(out).get("images").get("val").get(2).asInt())
                .isEqualTo(2);
        assertThat(run("data", "verify", at("data"))).isZero();
        assertThat(out).contains("is whole: 24 pictures in 2 shards");
        Path shard = folder.resolve("data/val/part-00000.parquet");
        byte[] bytes = Files.readAllBytes(shard);
        bytes[bytes.length / 3] ^= 4;
        Files.write(shard, bytes);
        assertThat(run("data", "verify", at("data"))).isEqualTo(6);
        assertThat(out).contains("val/part-00000.parquet").contains("another SHA-256");
        Files.writeString(
                folder.resolve("data/dataset.json"),
                Files.readString(folder.resolve("data/dataset.json")).replace("\"format\" : 2", "\"format\" : 3"));
        refused("has format 3; this version reads 1 to 2", "data", "describe", at("data"));
    }

    @Test
    void preparesAllThatAFolderHoldsAndFollowsIt() throws IOException {
        Path corpus = Corpora.folders(folder.resolve("corpus"), 8, 2, 40);
        Corpora.folders(folder.resolve("more"), 11, 0, 40);
        for (String name : List.of("blue", "green", "red")) {
            Files.createDirectories(corpus.resolve("TESTING/" + name));
            Files.move(folder.resolve("more/train/" + name + "/10.png"), corpus.resolve("TESTING/" + name + "/1.png"));
        }
        Files.writeString(corpus.resolve("train/red/Thumbs.db"), "x");
        Files.writeString(corpus.resolve("README.txt"), "x");
        Files.copy(corpus.resolve("train/red/1.png"), corpus.resolve("train/red/copy.png"));
        Files.writeString(corpus.resolve("train/red/text.png"), "no picture");
        String[] prepare = {"prepare", "--from", at("corpus"), "--to", at("data"), "--most-bad", "0.2"};
        assertThat(run(prepare)).as(err).isZero();
        assertThat(out)
                .contains("24 pictures to train on, 6 to validate on, 3 to test on, 3 classes")
                .contains("37 found: 33 read, 1 quarantined, 1 duplicates, 2 skipped");
        assertThat(run("data", "describe", at("data"))).isZero();
        assertThat(out).containsPattern("1 green +8 to train on +2 to validate on +1 to test on");

        Files.delete(corpus.resolve("train/red/2.png"));
        Files.delete(corpus.resolve("train/red/text.png"));
        assertThat(run(prepare)).as(err).isZero();
        assertThat(out)
                .contains("version 2: 0 pictures were added, 1 removed, 0 changed")
                .contains("35 found: 32 read, 0 quarantined, 1 duplicates, 2 skipped");
        assertThat(run("data", "verify", at("data"))).isZero();
        for (int i = 3; i < 7; i++) {
            Files.delete(corpus.resolve("train/red/" + i + ".png"));
        }
        refused("4 of the dataset's 32 pictures", prepare);
        prepare[5] = "--max-removed-fraction";
        prepare[6] = "0.5";
        assertThat(run(prepare)).as(err).isEqualTo(2);
        assertThat(err).contains("bad, more than 1.0 %");
        Files.createDirectories(corpus.resolve("extra/red"));
        Files.copy(corpus.resolve("train/red/1.png"), corpus.resolve("extra/red/1.png"));
        refused("extra would be left out", prepare);
    }

    @Test
    void saysWhatIsWrongWithARun() throws IOException {
        refused("There is no recipe at", "train", at("r.conf"), "--data", at("data"), "--out", at("run"));
        Path recipe = Path.of("../recipes/cifar10-resnet20-quick.conf");
        refused("There is no dataset at", "train", recipe.toString(), "--data", at("data"), "--out", at("run"));
        Files.writeString(
                folder.resolve("r.conf"), Files.readString(recipe).replace("momentum = 0.9", "momentun = 0.9"));
        refused(
                "there is no key 'momentun'; did you mean 'momentum'?",
                "train",
                at("r.conf"),
                "--data",
                at("data"),
                "--out",
                at("run"));
        assertThat(err).contains("r.conf:").contains("the key 'momentum' is missing");
    }

    private void prepare(String corpus, String data, String... splits) throws IOException {
        for (String split : splits) {
            for (String label : new String[] {"cat", "dog"}) {
                for (int i = 0; i < 3; i++) {
                    Path file =
                            folder.resolve(corpus).resolve(split).resolve(label).resolve(split + i + ".png");
                    Files.createDirectories(file.getParent());
                    Files.write(file, Codec.png(Pictures.ofClass(i, 40, 50, (split + label + i).hashCode())));
                }
            }
        }
        assertThat(run("prepare", "--from", at(corpus), "--to", at(data)))
                .as(err)
                .isZero();
    }

    /** Of two classes, the best five say nothing. */
    @Test
    void evaluatesBySeveralProtocolsInOneGo() throws IOException {
        Models.write(new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), new Configuration());
        prepare("corpus", "data", "train", "val", "test");
        String[] evaluate = {"evaluate", at("model"), "--protocol", "one-crop", "--protocol", "ten-crop"};
        for (String split : new String[] {"val", "test"}) {
            String json = at(split + ".json");
            assertThat(run(with(evaluate, "--data", at("data"), "--split", split, "--json", json)))
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
        refused(
                "There is no split 'dev'; there are train, val and test",
                with(evaluate, "--data", at("data"), "--split", "dev"));
        prepare("other", "untested", "train", "val");
        refused(
                "has no pictures in its split test; it has train (6), val (6).",
                with(evaluate, "--data", at("untested"), "--split", "test"));
    }

    @Test
    void showsTheStackTraceOnlyWhenAsked() {
        assertThat(run("predict", at("model"), at("a.jpg"), "--trace")).isEqualTo(2);
        assertThat(err).contains("There is no model at").contains("\tat ");
    }

    @Test
    void bareCommandSaysWhatThereIs() {
        assertThat(run()).isEqualTo(2);
        assertThat(err).contains("Say what to do").contains("networks").contains("train");
        assertThat(run("trian")).isEqualTo(2);
    }
}
