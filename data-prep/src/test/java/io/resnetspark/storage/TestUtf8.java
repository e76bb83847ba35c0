package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestUtf8 {
    private static String decode(byte[] bytes) {
        return Utf8.decode(bytes, "list.csv");
    }

    /** Lengths at which characters of two to four bytes cross block boundaries. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8189, 8190, 8191, 8192, 16_383, 100_000})
    void readsUtf8(int before) {
        String text = "a".repeat(before) + "é猫🐈\r\nth\u00e9\0";
        assertThat(decode(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
        assertThat(decode("🐈".repeat(before).getBytes(StandardCharsets.UTF_8))).isEqualTo("🐈".repeat(before));
    }

    @Test
    void skipsAByteOrderMark() {
        assertThat(decode("\uFEFFpath,label".getBytes(StandardCharsets.UTF_8))).isEqualTo("path,label");
        assertThat(decode("a\uFEFF".getBytes(StandardCharsets.UTF_8))).isEqualTo("a\uFEFF");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9000})
    void errorNamesThePositionOfLatin1(int linesBefore) {
        byte[] text =
                ("x,y\n".repeat(linesBefore) + "a.jpg,cat\nb.jpg,th\u00e9\n").getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> decode(text))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("list.csv:" + (linesBefore + 2) + ":")
                .hasMessageContaining("character 9 of the line has the byte 0xE9")
                .hasMessageContaining("iconv -f ISO-8859-1 -t UTF-8 list.csv");
    }

    @Test
    void refusesTruncatedTextAndUtf16() {
        byte[] cat = "a🐈".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> decode(Arrays.copyOf(cat, 4)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("list.csv:1: cannot be read: character 2");
        for (byte[] mark : new byte[][] {{(byte) 0xFF, (byte) 0xFE}, {(byte) 0xFE, (byte) 0xFF}}) {
            assertThatThrownBy(() -> decode(mark))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("iconv -f UTF-16 -t UTF-8 list.csv");
        }
    }

    @Test
    void escapesAndUnescapesLines() {
        assertThat(Utf8.escapeLine("a\tb\nc\rd\\ne")).isEqualTo("a\\tb\\nc\\rd\\\\ne");
    }
}
