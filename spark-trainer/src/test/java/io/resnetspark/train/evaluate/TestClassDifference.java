package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TestClassDifference {
    private static String between(List<String> model, List<String> data) {
        return ClassDifference.between("the model", model, "the dataset", data).orElse("none");
    }

    @Test
    void saysWhichClassesDiffer() {
        assertThat(between(List.of("cat", "dog"), List.of("cat", "dog"))).isEqualTo("none");
        assertThat(between(List.of("cat", "dog"), List.of("cat", "fox", "wolf")))
                .isEqualTo("only the model has dog; only the dataset has fox, wolf");
        assertThat(between(List.of("cat", "dog"), List.of("cat"))).isEqualTo("only the model has dog");
        assertThat(between(List.of("cat", "dog", "fox"), List.of("cat", "fox", "dog")))
                .isEqualTo("the same names in another order or number: class 1 is dog in the model, and fox in the"
                        + " dataset");
        assertThat(between(List.of("cat", "cat"), List.of("cat")))
                .isEqualTo("the same names in another order or number: class 1 is cat in the model, and missing in the"
                        + " dataset");
    }

    @Test
    void doesNotListAThousand() {
        List<String> many = IntStream.range(0, 1000).mapToObj(String::valueOf).toList();
        assertThat(between(many, List.of("7"))).isEqualTo("only the model has 0, 1, 2, 3, 4, 5, 6, 8 and 991 more");
    }
}
