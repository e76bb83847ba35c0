package io.resnetspark.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.SmallRecipe;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of the text of an override, nothing is passed over in silence. */
class TestRecipeOverrides {
    private static Recipe with(String key, String value) {
        return Recipe.parse(SmallRecipe.TEXT, "small.conf", Map.of(key, value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2,epochs=3", "2, epochs = 3", "2\nepochs=3", "2\nepochs += 3", "2, epochs { x = 1 }"})
    void aSecondKeyIsRefused(String value) {
        assertThatThrownBy(() -> with("workers", value))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "set workers=" + value + ": wanted one value, and more follows it: the keys epochs.")
                .hasMessageContaining("Set each key by itself");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2,", "2 , \n", "2, value = 5", "2\nvalue += 5"})
    void aSecondValueIsRefused(String value) {
        assertThatThrownBy(() -> with("workers", value))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("wanted one value, and more follows it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"models//resnet20", "models/a#1", "models // mine", "\"models\" # mine", "\"a\\\"b\" # \""})
    void aCommentIsRefused(String value) {
        assertThatThrownBy(() -> with("initial-model.path", value))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("would be a comment, and have no effect")
                .hasMessageContaining("as in 'KEY=\"TEXT\"'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"2\ninclude \"other.conf\"", "{ include \"other.conf\" }", "2, include file(\"other.conf\")"})
    void nothingIsIncluded(String value) {
        assertThatThrownBy(() -> with("workers", value))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("nothing can be included");
    }

    @ParameterizedTest
    @ValueSource(strings = {"${seed}", "${?seed}", "2 ${?seed}", "[${seed}]"})
    void aSubstitutionIsRefused(String value) {
        assertThatThrownBy(() -> with("workers", value))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("${...} stands for nothing here");
    }

    @Test
    void noMessageShowsAPassword() {
        assertThatThrownBy(() -> with("initial-model.path", "ftp://me:hunter2@host/m"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'ftp://...' has a password in it")
                .hasMessageNotContaining("hunter2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "2 epochs=3", "2,4", "2 }", "= 3", "+= 3", "null"})
    void whatIsNoValueIsRefused(String value) {
        assertThatThrownBy(() -> with("workers", value))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("set workers=" + value + ": ");
    }

    @Test
    void oneValueMayHaveAnyCharacters() {
        for (String path : List.of("a,b = c # d // e ${f}", "line\nwith # and, value = 1")) {
            String quoted = '"' + path.replace("\n", "\\n") + '"';
            assertThat(with("initial-model.path", quoted).initialModel().path()).isEqualTo(path);
            assertThat(with("initial-model.path", "\"\"" + quoted + "\"\"")
                            .initialModel()
                            .path())
                    .isEqualTo(path.replace("\n", "\\n"));
        }
        assertThat(with("data.evaluation-protocols", "[one-crop, ten-crop]")
                        .data()
                        .protocols())
                .hasSize(2);
        assertThat(with("data.evaluation-protocols", "[\n  one-crop\n  ten-crop,\n]\n")
                        .data()
                        .protocols())
                .hasSize(2);
        String block = "{ kind = multistep, initial = 0.1, milestones = [1, 2], warm-up-epochs = 0 }";
        assertThat(with("learning-rate", block).learningRate())
                .isEqualTo(new LearningRateSchedule.MultiStep(0.1, List.of(1.0, 2.0), 0.1));
        assertThat(with("initial-model.path", "hello value").initialModel().path())
                .isEqualTo("hello value");
    }
}
