package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Weights that come from elsewhere, and go there. */
class TestImportAndExport extends Commands {
    @Test
    void importsWhatItExports() throws IOException {
        Models.write(folder.resolve("model"));
        assertThat(run("export", at("model"), "--format", "safetensors", "--output", at("w.safetensors")))
                .as(err)
                .isZero();
        assertThat(run("export", at("model"), "--format", "onnx", "--output", at("w.onnx")))
                .isZero();
        assertThat(Files.size(folder.resolve("w.onnx"))).isGreaterThan(1_000_000);
        refused(
                "exists, and nothing is overwritten",
                "export",
                at("model"),
                "--format",
                "onnx",
                "--output",
                at("w.onnx"));

        Files.writeString(folder.resolve("classes.txt"), "cat\ndog\n");
        String[] words = {"import", "--network", "resnet20", "--weights", at("w.safetensors"), "--output", at("again")};
        assertThat(run(with(words, "--classes", at("classes.txt")))).as(err).isZero();
        assertThat(Files.readAllBytes(folder.resolve("again/weights.safetensors")))
                .isEqualTo(Files.readAllBytes(folder.resolve("model/weights.safetensors")));
        Files.write(folder.resolve("a.jpg"), ImageCodec.jpeg(SyntheticImages.ofClass(0, 50, 40, 1), 0.9f));
        assertThat(run("predict", at("again"), at("a.jpg"))).isZero();
        assertThat(out).contains("cat").contains("dog");
        JsonNode seen =
                Json.COMPACT.readTree(folder.resolve("again/preprocessing.json").toFile());
        assertThat(seen.get("deviation").get(0).asDouble()).isCloseTo(0.229 * 255, within(1e-3));
        assertThat(seen.get("crop").asInt()).isEqualTo(32);
    }

    @Test
    void saysWhatIsWrongWithWeights() throws IOException {
        Models.write(folder.resolve("model"));
        run("export", at("model"), "--format", "safetensors", "--output", at("w"));
        String[] words = {"import", "--network", "resnet20", "--weights", at("w"), "--output", at("again")};
        refused("misshapen: fc.bias is [2], wanted [3]", with(words, "--classes", "3"));
        refused("missing: layer1.3.conv1.weight", with(words, "--classes", "2", "--network=resnet32"));
        refused("unknown: dense.bias", with(words, "--classes", "2", "--rename", "fc=dense"));
        refused("--classes 0 is out of range", with(words, "--classes", "0"));
        refused("is neither a number nor a file", with(words, "--classes", at("nothing")));
        refused(
                "--resize 16 must be at least as much",
                with(words, "--classes", "2", "--image-size", "32", "--resize", "16"));
        refused("three positive values", with(words, "--classes", "2", "--std", "1,0,1"));
        refused("takes three values of 0 to 1", with(words, "--classes", "2", "--std", "NaN,1,1"));
        refused("takes three values of 0 to 1", with(words, "--classes", "2", "--mean", "123,116,103"));
        refused("two tensors are called bn1.weight", with(words, "--classes", "2", "--rename", "layer1.0.bn1=bn1"));
        refused("the smallest are 3x3x3", with(words, "--classes", "2", "--image-size", "2"));
        Files.writeString(folder.resolve("empty"), "\n");
        refused("names no class", with(words, "--classes", at("empty")));
        refused("is neither a number nor a file", with(words, "--classes", folder.toString()));
        Files.write(folder.resolve("w"), new byte[] {1, 2, 3});
        refused("The safetensors file ends early", with(words, "--classes", "2"));
        assertThat(folder.resolve("again")).doesNotExist();
    }
}
