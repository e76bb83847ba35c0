package io.resnetspark.dataset;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestClassNames {
    @Test
    void acceptsOrdinaryNames() {
        assertThatCode(() -> ClassNames.validate(List.of(
                        "cats, large", "été", "猫", "🐈", "n01440764", "a:b", "100 %", "#1", "Cat", "cat", "\"x\"")))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " cat",
                "cat ",
                "new\nline",
                "new\rline",
                "tab\tname",
                "next\u0085",
                "\u2028x",
                "caf\uFFFDE9",
                "\uD83Dx"
            })
    void refusesUnwritableNames(String name) {
        assertThatThrownBy(() -> ClassNames.validate(List.of("dog", name)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("A class is called '")
                .hasMessageContaining("Rename it");
    }

    @Test
    void errorShowsTheNameEscaped() {
        assertThatThrownBy(() -> ClassNames.validate(List.of("new\nline"))).hasMessageContaining("'new\\u000Aline'");
    }

    @Test
    void refusesNamesThatDifferOnlyInNormalization() {
        assertThatThrownBy(() -> ClassNames.validate(List.of("\u00e9t\u00e9", "e\u0301te\u0301")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("Two classes are called")
                .hasMessageContaining("NFC");
    }
}
