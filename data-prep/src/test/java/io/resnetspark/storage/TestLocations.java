package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestLocations {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://me:hunter2@host/models",
                "ftp://me@corp.com:hunter2@host/models",
                "ftp://me%3Ahunter2@host/models",
                "ftp://me%3ahunter2@host/models",
                "s3a://AKIA:hun/ter2@bucket/models",
                "s3a://AKIA:hunter2/@bucket/models",
                "jar:ftp://me:hunter2@host/x.jar!/y",
                " ftp://me:hunter2@host/models"
            })
    void passwordsAreRefusedAndNotRepeated(String place) {
        assertThatThrownBy(() -> Locations.of(place))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has a password in it")
                .hasMessageNotContaining("ter2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hdfs://host:8020/p@th:x",
                "hdfs://nameservice1/models",
                "hdfs://[::1]:8020/models",
                "hdfs:///models",
                "webhdfs://me@host:9870/models",
                "abfs://container@account.dfs.core.windows.net/models",
                "har://hdfs-host:8020/photos.har",
                "s3a://bucket/models",
                "file:///a:b@c"
            })
    void locationsWithoutPasswordAreAccepted(String place) {
        assertThat(Locations.of(place).toString())
                .isEqualTo(place.replace("hdfs:///", "hdfs:/").replace("file:///", "file:/"));
    }

    @Test
    void locationWithoutSchemeIsLocal() {
        assertThat(Locations.of("/a b/c%20d").toUri().getPath()).isEqualTo("/a b/c%20d");
        assertThat(Locations.of("x/../y").toUri().getScheme()).isEqualTo("file");
        assertThatThrownBy(() -> Locations.of(" ")).hasMessageContaining("A place is empty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a:b.jpg", "C:x", "IMG 12:30:45.jpg", "-x.jpg", "a%20b", "#1", "new\nline:/x", "a\\b", "[1]{2}*?"
            })
    void nameWithColonIsNotAScheme(String name) {
        assertThat(Locations.of(name).toUri().getScheme()).isEqualTo("file");
        assertThat(Locations.of(name).getName()).isEqualTo(name.substring(name.lastIndexOf('/') + 1));
        Path folder = new Path("hdfs://host/a:b");
        assertThat(Locations.child(folder, "x" + name).toUri().getPath()).isEqualTo("/a:b/x" + name);
        assertThat(Locations.hiddenSibling(Locations.child(folder, "x"), ".y").toString())
                .isEqualTo("hdfs://host/a:b/.x.y");
    }

    @Test
    void locationsMayBeRelative() {
        Path folder = new Path("hdfs://host/lists");
        assertThat(Locations.of("../c/12:30.jpg", folder).toString()).isEqualTo("hdfs://host/c/12:30.jpg");
        assertThat(Locations.of("/c/1.jpg", folder).toString()).isEqualTo("hdfs://host/c/1.jpg");
        assertThat(Locations.of("s3a://bucket/1.jpg", folder).toString()).isEqualTo("s3a://bucket/1.jpg");
    }

    /** Java turns Latin-1 arguments from the shell into U+FFFD. */
    @Test
    void refusesWronglyDecodedArguments() {
        assertThatThrownBy(() -> Locations.of("caf\uFFFD.jpg"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("not UTF-8");
    }
}
