package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Commands in this JVM: what they print, and what they say of bad input. */
abstract class Commands {
    @TempDir
    Path folder;

    String out;
    String err;

    int run(String... arguments) {
        Ran ran = Ran.of(arguments);
        out = ran.out();
        err = ran.err();
        return ran.code();
    }

    String at(String name) {
        return folder.resolve(name).toString();
    }

    void refused(String message, String... arguments) {
        ends(2, message, arguments);
    }

    void ends(int code, String message, String... arguments) {
        assertThat(run(arguments)).as(err).isEqualTo(code);
        assertThat(err).contains(message).doesNotContain("\tat ");
    }

    static String[] with(String[] words, String... more) {
        List<String> all = new ArrayList<>(List.of(words));
        for (String word : more) {
            if (word.startsWith("--network=")) {
                all.set(2, word.substring("--network=".length()));
            } else {
                all.add(word);
            }
        }
        return all.toArray(String[]::new);
    }
}
