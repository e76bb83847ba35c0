package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    void placesWithoutOneAreTakenAsTheyAre(String place) {
        assertThat(Locations.of(place).toString())
                .isEqualTo(place.replace("hdfs:///", "hdfs:/").replace("file:///", "file:/"));
    }

    @Test
    void withoutASchemeItIsThisMachinesDisk() {
        assertThat(Locations.of("/a b/c%20d").toUri().getPath()).isEqualTo("/a b/c%20d");
        assertThat(Locations.of("x/../y").toUri().getScheme()).isEqualTo("file");
        assertThatThrownBy(() -> Locations.of(" ")).hasMessageContaining("A place is empty");
    }
}
