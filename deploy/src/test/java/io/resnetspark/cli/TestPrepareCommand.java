package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.UnusualFileNames;
import io.resnetspark.train.artifact.Models;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** From a folder of images to a dataset, and what is told of both. */
class TestPrepareCommand extends Commands {
    @Test
    void saysWhatIsWrongWithACorpus() throws IOException {
        refused("There is nothing at", "prepare", "--from", at("nowhere"), "--output", at("data"));
        refused(
                "The source 'imagenet' is not known; known are binary-file, cifar10, folders, ilsvrc, list.",
                "prepare",
                "--from",
                at("x"),
                "--output",
                at("data"),
                "--source",
                "imagenet");
        refused(
                "there are auto, exclude and keep",
                "prepare",
                "--from",
                at("x"),
                "--output",
                at("data"),
                "--duplicates",
                "x");
        refused("is no size", "prepare", "--from", at("x"), "--output", at("data"), "--shard-size", "many");
        refused("Missing required option", "prepare", "--from", at("x"));
        Files.createDirectories(folder.resolve("data"));
        SyntheticCorpora.folders(folder.resolve("corpus"), 2, 1, 20);
        refused("nothing is overwritten", "prepare", "--from", at("corpus"), "--output", at("data"));
    }

    @Test
    void showsWhatIsInADataset() throws IOException {
        SyntheticCorpora.folders(folder.resolve("corpus"), 6, 2, 40);
        String sheet = at("sheet.png");
        assertThat(run("prepare", "--from", at("corpus"), "--output", at("data"), "--preview", sheet))
                .as(err)
                .isZero();
        assertThat(out).contains("18 images to train on, 6 to validate on, 3 classes, 2 shards");
        assertThat(ImageIO.read(new File(sheet)).getWidth()).isEqualTo(6 * (224 + 8) + 8);
        assertThat(run("prepare", "--from", at("corpus"), "--output", at("data")))
                .isZero();
        assertThat(out).contains("nothing is new");
        refused("sheet.png exists", "prepare", "--from", at("corpus"), "--output", at("more"), "--preview", sheet);
        refused("sheet.png exists", "data", "preview", at("data"), "--output", sheet);
        assertThat(run("data", "describe", at("data"))).isZero();
        assertThat(out)
                .contains("train          18 images in 1 shards")
                .containsPattern("1 green +6 to train on +2 to validate on")
                .contains("shorter sides, in pixels as found: from 0: 24")
                .contains("component of deviation");
        assertThat(run("data", "describe", at("data"), "--json")).isZero();
        assertThat(Json.COMPACT.readTree(out).get("images").get("val").get(2).asInt())
                .isEqualTo(2);
        assertThat(run("data", "verify", at("data"))).isZero();
        assertThat(out).contains("is whole: 24 images in 2 shards");
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
        Path corpus = SyntheticCorpora.folders(folder.resolve("corpus"), 8, 2, 40);
        SyntheticCorpora.folders(folder.resolve("more"), 11, 0, 40);
        for (String name : List.of("blue", "green", "red")) {
            Files.createDirectories(corpus.resolve("TESTING/" + name));
            Files.move(folder.resolve("more/train/" + name + "/10.png"), corpus.resolve("TESTING/" + name + "/1.png"));
        }
        Files.writeString(corpus.resolve("train/red/Thumbs.db"), "x");
        Files.writeString(corpus.resolve("README.txt"), "x");
        Files.copy(corpus.resolve("train/red/1.png"), corpus.resolve("train/red/copy.png"));
        Files.writeString(corpus.resolve("train/red/text.png"), "no image");
        String[] prepare = {"prepare", "--from", at("corpus"), "--output", at("data"), "--max-bad-fraction", "0.2"};
        assertThat(run(prepare)).as(err).isZero();
        assertThat(out)
                .contains("24 images to train on, 6 to validate on, 3 to test on, 3 classes")
                .contains("37 found: 33 read, 1 quarantined, 1 duplicates, 2 skipped");
        assertThat(run("data", "describe", at("data"))).isZero();
        assertThat(out).containsPattern("1 green +8 to train on +2 to validate on +1 to test on");

        Files.delete(corpus.resolve("train/red/2.png"));
        Files.delete(corpus.resolve("train/red/text.png"));
        assertThat(run(prepare)).as(err).isZero();
        assertThat(out)
                .contains("version 2: 0 images were added, 1 removed, 0 changed")
                .contains("35 found: 32 read, 0 quarantined, 1 duplicates, 2 skipped");
        assertThat(run("data", "verify", at("data"))).isZero();
        for (int i = 3; i < 7; i++) {
            Files.delete(corpus.resolve("train/red/" + i + ".png"));
        }
        refused("4 of the dataset's 32 images", prepare);
        prepare[5] = "--max-removed-fraction";
        prepare[6] = "0.5";
        assertThat(run(prepare)).as(err).isEqualTo(2);
        assertThat(err).contains("bad, more than 1.0 %");
        Files.createDirectories(corpus.resolve("extra/red"));
        Files.copy(corpus.resolve("train/red/1.png"), corpus.resolve("extra/red/1.png"));
        refused("extra would be left out", prepare);
    }

    @Test
    void namesOfFilesAreOnlyNames() throws IOException {
        Path odd = folder.resolve("12:30 #1, 100% [x]");
        int images = UnusualFileNames.write(
                odd.resolve("corpus/cat"),
                number -> ImageCodec.png(SyntheticImages.ofClass(number % 3, 24, 20, number)));
        Files.createDirectories(odd.resolve("corpus/dog/"));
        Files.write(odd.resolve("corpus/dog/1.png"), ImageCodec.png(SyntheticImages.ofClass(0, 24, 20, 1000)));
        assertThat(run(
                        "prepare",
                        "--from",
                        odd.resolve("corpus").toString(),
                        "--output",
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
                            "--output",
                            to))
                    .as(err)
                    .isZero();
            extracted += new File(to).list().length;
        }
        assertThat(extracted).isEqualTo(images + 1);

        Path model = odd.resolve("model#1");
        Models.write(model);
        List<String> words = new ArrayList<>(List.of("predict", model.toString(), "--json", "--"));
        UnusualFileNames.all().forEach(name -> words.add(odd.resolve("corpus/cat") + "/" + name));
        assertThat(run(words.toArray(String[]::new))).as(err).isZero();
        assertThat(Json.COMPACT.readTree(out)).hasSize(UnusualFileNames.all().size());
    }
}
