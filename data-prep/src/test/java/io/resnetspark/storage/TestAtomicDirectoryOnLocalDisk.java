package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestAtomicDirectoryOnLocalDisk extends AtomicDirectoryContract {
    @TempDir
    java.nio.file.Path folder;

    @Override
    Path root() {
        return new Path(folder.toUri());
    }

    @ParameterizedTest
    @ValueSource(strings = {"../model.json", "/etc/passwd", "a/../b", "./a", "a//b", "hdfs:x", "manifest.json", ""})
    void refusesManifestsWithPathsOutside(String name) throws IOException {
        Files.writeString(
                folder.resolve("manifest.json"), "{\"files\": {\"" + name + "\": {\"bytes\": 1, \"sha256\": \"00\"}}}");
        assertThatThrownBy(() -> Manifest.of(root(), conf()))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("is no name of a file within a directory");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{}", "{\"files\": 7}"})
    void refusesInvalidManifests(String json) throws IOException {
        Files.writeString(folder.resolve("manifest.json"), json);
        assertThatThrownBy(() -> Manifest.of(root(), conf()))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("manifest.json cannot be read");
    }

    @ParameterizedTest
    @ValueSource(strings = {"my photos", "größe", "a%20b", "x#y", "12:30.jpg"})
    void acceptsUnusualFileNames(String name) throws IOException {
        Files.writeString(folder.resolve(name), "here");
        Path path = Locations.of(folder.resolve(name).toString());
        assertThat(path.getFileSystem(conf()).getFileStatus(path).getLen()).isEqualTo(4);
        assertThat(Locations.of("hdfs://host:1/a").toString()).isEqualTo("hdfs://host:1/a");
    }

    @Override
    Configuration conf() {
        return new Configuration();
    }
}
