package io.resnetspark.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestSpelling {
    private static final List<String> KEYS = List.of("epochs", "batch", "learning-rate", "seed");

    @ParameterizedTest
    @CsvSource({
        "epoch, epochs",
        "Epochs, epochs",
        "learning_rate, learning-rate",
        "lerning-rate, learning-rate",
        "sead, seed"
    })
    void suggestsTheNearestName(String mistyped, String meant) {
        assertThat(Spelling.suggestion(mistyped, KEYS)).contains(meant);
    }

    @Test
    void suggestsNothingForDistantNames() {
        assertThat(Spelling.suggestion("momentum", KEYS)).isEmpty();
        assertThat(Spelling.suggestion("lr", KEYS)).isEmpty();
    }
}
