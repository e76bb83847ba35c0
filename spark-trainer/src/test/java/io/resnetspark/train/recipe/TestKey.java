package io.resnetspark.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestKey {
    private static final Config DEFAULTS = ConfigFactory.parseString("""
            # Not of any key.

            # How many.
            # Really.
            count = null
            shape {
              # round or square
              kind = null
              size = null     # of each
              edges { kind = sharp, radius = null }
            }
            usual = "" # nothing
            more = {} # whatever
            """);

    private static void read(Config config, Problems problems) {
        Section root = new Section(config, "", problems);
        root.integer("count", 1, 9);
        root.text("usual");
        root.section("more");
        Section shape = root.section("shape");
        if (shape.choice("kind", "round", "square").equals("round")) {
            shape.integer("size", 0, 5);
        } else {
            shape.number("size", 0, 1);
            Section edges = shape.section("edges");
            if (edges.choice("kind", "sharp", "soft").equals("soft")) {
                edges.number("radius", 0, 1);
            }
            edges.refuseUnknown();
        }
        shape.refuseUnknown();
        root.refuseUnknown();
    }

    private static List<Key> keys(String path) {
        return Key.all(DEFAULTS, TestKey::read).stream()
                .filter(key -> key.path().equals(path))
                .toList();
    }

    @Test
    void valuesComeFromTheReaderAndMeaningsFromTheDefaults() {
        assertThat(keys("count"))
                .containsExactly(new Key(
                        "count", "a whole number from 1 to 9", List.of(), Optional.empty(), "How many. Really."));
        assertThat(keys("usual"))
                .containsExactly(new Key("usual", "a word", List.of(), Optional.of("\"\""), "nothing"));
        assertThat(keys("shape.kind")).extracting(Key::conditions).containsExactly(List.of());
    }

    @Test
    void anEmptyBlockIsADefault() {
        assertThat(keys("more"))
                .containsExactly(new Key("more", "a block { ... }", List.of(), Optional.of("{}"), "whatever"));
        assertThat(keys("shape")).extracting(Key::defaultValue).containsExactly(Optional.empty());
    }

    @Test
    void aKeyOfOneKindSaysSo() {
        assertThat(keys("shape.size"))
                .containsExactlyInAnyOrder(
                        new Key(
                                "shape.size",
                                "a whole number from 0 to 5",
                                List.of("shape.kind = round"),
                                Optional.empty(),
                                "of each"),
                        new Key(
                                "shape.size",
                                "a number from 0.0 to 1.0",
                                List.of("shape.kind = square"),
                                Optional.empty(),
                                "of each"));
    }

    @Test
    void choicesThatOnlyOneKindHasAreFoundToo() {
        assertThat(keys("shape.edges.radius"))
                .extracting(Key::conditions)
                .containsExactly(List.of("shape.edges.kind = soft"));
    }
}
