package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestRequest {
    private static Request get(String path) {
        return new Request("GET", path, Map.of(), InputStream.nullInputStream());
    }

    @Test
    void partsAreDecodedOnce() {
        assertThat(get("/").parts()).contains(List.of());
        assertThat(get("/api/runs/a%20b%C3%A4").parts()).contains(List.of("api", "runs", "a bä"));
        assertThat(get("/a%252e").parts()).contains(List.of("a%2e"));
        assertThat(get("/a+b/1:2").parts()).contains(List.of("a+b", "1:2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "etc",
                "//",
                "/a//b",
                "/a/",
                "/..",
                "/a/../b",
                "/.",
                "/%2e%2e/b",
                "/a%2fb",
                "/a%2Fb",
                "/a%5cb",
                "/a\\b",
                "/a%00",
                "/a%0d%0ab",
                "/a%7f",
                "/%",
                "/%2",
                "/%zz",
                "/%u002e",
                "/%c0%ae%c0%ae",
                "/%ff",
                "/%ed%a0%80",
                "/ä"
            })
    void hostilePathsHaveNone(String path) {
        assertThat(get(path).parts()).isEmpty();
    }

    @Test
    void longPathsHaveNone() {
        assertThat(get("/" + "a".repeat(2047)).parts()).isPresent();
        assertThat(get("/" + "a".repeat(2048)).parts()).isEmpty();
    }

    @Test
    void whatIsNoLengthIsNone() {
        assertThat(new Request("POST", "/", Map.of("content-length", "12"), InputStream.nullInputStream()).length())
                .isEqualTo(12);
        assertThat(new Request("POST", "/", Map.of("content-length", "-1"), InputStream.nullInputStream()).length())
                .isNull();
        assertThat(get("/").length()).isNull();
    }
}
