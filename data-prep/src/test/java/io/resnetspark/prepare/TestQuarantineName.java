package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.storage.UnusualFileNames;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestQuarantineName {
    @ParameterizedTest
    @ValueSource(strings = {"cat/1.jpg", "train/größe/plage à Nice 0.jpg", "cat/100%.jpg", "cat/#1.jpg", "1.jpg"})
    void isTheKeyIfThatIsAValidName(String key) {
        assertThat(QuarantineName.of(key)).isEqualTo(key);
    }

    @Test
    void isUniqueOtherwise() {
        List<String> keys = Stream.concat(
                        UnusualFileNames.all().stream().map(name -> "cat/" + name),
                        Stream.of(
                                "cat/a:b.jpg",
                                "cat/a;b.jpg",
                                "hdfs://host/a/b.jpg",
                                "/a/b.jpg",
                                "a/b.jpg",
                                "../../etc/passwd",
                                "a/./b.jpg",
                                "a//b.jpg",
                                "a/",
                                ".hidden",
                                "reasons.tsv",
                                "reasons-grown.tsv",
                                "",
                                "x".repeat(300),
                                "x".repeat(301),
                                "d/".repeat(2000) + "x.jpg"))
                .toList();
        assertThat(keys.stream().map(QuarantineName::of))
                .doesNotHaveDuplicates()
                .allSatisfy(name -> {
                    assertThat(name)
                            .doesNotContain(":", "\\", "\n", "//")
                            .doesNotStartWith("/")
                            .doesNotStartWith("reasons");
                    assertThat(name.split("/")).allSatisfy(part -> {
                        assertThat(part).doesNotStartWith(".");
                        assertThat(part.getBytes(StandardCharsets.UTF_8).length).isBetween(1, 255);
                    });
                });
        assertThat(QuarantineName.of("cat/IMG 12:30:45.jpg")).matches("renamed/[0-9a-f]{16}-cat-IMG 12-30-45.jpg");
    }
}
