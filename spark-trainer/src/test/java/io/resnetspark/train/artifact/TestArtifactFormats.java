package io.resnetspark.train.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Artifacts as they were written when their formats were new; they must load for ever. All hold the same weights, and all
 * said of picture.png then that it is a dog, with probability 0.99369448.
 */
class TestArtifactFormats {
    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    @BeforeEach
    void unpack() throws IOException {
        try (ZipInputStream zip =
                new ZipInputStream(TestArtifactFormats.class.getResourceAsStream("/artifacts/formats.zip"))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = folder.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                Files.copy(zip, file);
            }
        }
    }

    private org.apache.hadoop.fs.Path at(String format) {
        return new org.apache.hadoop.fs.Path(folder.resolve(format).toUri());
    }

    @ParameterizedTest
    @ValueSource(strings = {"format1", "format2", "format3"})
    void loadAndSayWhatTheyAlwaysSaid(String format) throws Exception {
        ModelArtifact artifact = ModelArtifact.open(at(format), conf);
        assertThat(artifact.description().classes()).containsExactly("cat", "dog");
        assertThat(artifact.description().result().orElseThrow().correct()).isEqualTo(75);
        assertThat(artifact.description().provenance().workers()).isEqualTo(2);
        ImageClassifier.Prediction guess = new ImageClassifier(artifact)
                .classify(Files.readAllBytes(folder.resolve("picture.png")), 1)
                .get(0);
        assertThat(guess.label()).isEqualTo("dog");
        assertThat(guess.probability()).isCloseTo(0.99369448, within(1e-5));
    }

    /** The zip is of DL4J's own layers: nobody needs this software to use it. */
    @Test
    void dl4jAloneReadsTheZip() throws IOException {
        Path zip = folder.resolve("format3/model.zip");
        try (ZipInputStream entries = new ZipInputStream(Files.newInputStream(zip))) {
            for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                if (entry.getName().equals("configuration.json")) {
                    assertThat(new String(entries.readAllBytes(), StandardCharsets.UTF_8))
                            .doesNotContain("io.resnetspark");
                }
            }
        }
        ComputationGraph alone = ModelSerializer.restoreComputationGraph(zip.toFile(), false);
        INDArray images = Nd4j.rand(2, 3, 32, 32);
        INDArray ours = ModelArtifact.open(at("format3"), conf).graph().outputSingle(images);
        assertThat(alone.outputSingle(images).distance2(ours)).isLessThan(1e-5);
    }

    @Test
    void aNewerFormatIsRefused() throws IOException {
        Path manifest = folder.resolve("format3/manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace("\"format\": 3", "\"format\": 4"));
        assertThatThrownBy(() -> ModelArtifact.open(at("format3"), conf))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has format 4; this version reads 1 to 3. Take a newer resnet-spark.");
    }

    /** Each byte of each file counts, as does each file that is needed. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "weights.safetensors",
                "model.onnx",
                "model.zip",
                "classes.txt",
                "preprocessing.json",
                "recipe.conf"
            })
    void aChangedFileIsRefused(String name) throws IOException {
        Path file = folder.resolve("format3").resolve(name);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> ModelArtifact.open(at("format3"), conf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"weights.safetensors", "classes.txt", "preprocessing.json"})
    void aFileThatTheManifestDoesNotSpeakOfIsRefused(String name) throws IOException {
        Path manifest = folder.resolve("format3/manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace('"' + name + '"', "\"recipe2.conf\""));
        Files.copy(folder.resolve("format3").resolve(name), folder.resolve("format3/recipe2.conf"));
        assertThatThrownBy(() -> ModelArtifact.open(at("format3"), conf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("says nothing of [" + name + "]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../escape", "/etc/passwd", "a/../../b", "..", "a//b"})
    void aManifestCannotPointOutside(String name) throws IOException {
        Path manifest = folder.resolve("format3/manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace("recipe.conf", name));
        assertThatThrownBy(() -> Manifest.of(at("format3"), conf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("is no name of a file within a directory");
    }
}
