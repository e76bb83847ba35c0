package io.resnetspark.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.MiniHdfs;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestRegistry {
    private static final ChangeRequest WHY = ChangeRequest.byHand("a test");

    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    private ModelArtifact model;
    private Registry registry;

    @BeforeEach
    void write() throws IOException {
        model = Models.write(
                new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), conf);
        registry = new Registry(
                new org.apache.hadoop.fs.Path(folder.resolve("registry").toUri()), conf);
    }

    @Test
    void numbersVersionsAndFindsThem() throws IOException {
        assertThat(registry.list()).isEmpty();
        assertThat(registry.model("cats").publish(model, WHY).number()).isEqualTo(1);
        assertThat(registry.model("cats").publish(model, WHY).number()).isEqualTo(2);
        assertThat(registry.model("dogs").publish(model, WHY).number()).isEqualTo(1);
        assertThat(registry.list())
                .extracting(version -> version.name() + "@" + version.number())
                .containsExactly("cats@1", "cats@2", "dogs@1");
        assertThat(registry.find("cats").number()).isEqualTo(2);
        assertThat(registry.find("cats@1").number()).isEqualTo(1);
        assertThat(registry.find("cats@v1").number()).isEqualTo(1);
        ModelArtifact published = ModelArtifact.open(registry.find("cats").path(), conf);
        assertThat(published.description()).isEqualTo(model.description());
        assertThat(published.graph().params()).isEqualTo(model.graph().params());
    }

    @RepeatedTest(5)
    void publishersAtTheSameTimeGetTheirOwnNumbers() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> numbers = IntStream.range(0, 8)
                    .mapToObj(i -> threads.submit(
                            () -> registry.model("cats").publish(model, WHY).number()))
                    .toList();
            for (Future<Integer> number : numbers) {
                assertThat(number.get()).isBetween(1, 8);
            }
        } finally {
            threads.shutdown();
        }
        assertThat(registry.list()).hasSize(8);
        assertThat(folder.resolve("registry/cats").toFile().list())
                .containsExactlyInAnyOrder("v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8");
        for (ModelVersion version : registry.list()) {
            assertThat(Path.of(version.path().toUri()).toFile().list())
                    .as("files of %s", version.path())
                    .hasSize(10);
        }
    }

    @Test
    void saysWhatThereIsInsteadOfWhatThereIsNot() throws IOException {
        registry.model("cats").publish(model, WHY);
        assertThatThrownBy(() -> registry.find("cows"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is no model 'cows'");
        assertThatThrownBy(() -> registry.find("cats@7"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("no version '7' of cats")
                .hasMessageContaining("there are [1]");
        assertThatThrownBy(() -> registry.model("../escape"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("cannot name a model");
        assertThatThrownBy(
                        () -> ModelReference.resolve(folder.resolve("nowhere").toString(), conf))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is no model at");
    }

    @Test
    void neverOpensWhatWasChanged() throws IOException {
        registry.model("cats").publish(model, WHY);
        Path weights = folder.resolve("registry/cats/v1/weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThatThrownBy(() -> ModelArtifact.open(registry.find("cats").path(), conf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("weights.safetensors");
    }

    @Test
    void nobodyGoesBackToADamagedVersion() throws IOException {
        RegisteredModel cats = registry.model("cats");
        for (String number : List.of("1", "2")) {
            cats.publish(model, WHY);
            cats.promote(cats.find(number), ModelEvents.CHAMPION, WHY);
        }
        Files.write(folder.resolve("registry/cats/v1/weights.safetensors"), new byte[1]);
        assertThatThrownBy(() -> cats.rollback(WHY)).isInstanceOf(DamagedException.class);
        assertThat(cats.events().champion()).contains(2);
    }

    @Test
    void fullHdfsLeavesTheOldVersions() throws IOException {
        try (MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"))) {
            Configuration hdfsConf = hdfs.configuration();
            org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(hdfs.uri(), "/models");
            Registry onHdfs = new Registry(root, hdfsConf);
            onHdfs.model("cats").publish(model, WHY);
            hdfs.setSpaceQuota(root, 1 << 20);
            assertThatThrownBy(() -> onHdfs.model("cats").publish(model, WHY))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("quota");
            assertThat(onHdfs.list()).hasSize(1);
            assertThat(root.getFileSystem(hdfsConf).listStatus(new org.apache.hadoop.fs.Path(root, "cats")))
                    .hasSize(1);
            ModelArtifact.open(onHdfs.find("cats").path(), hdfsConf);
        }
    }
}
