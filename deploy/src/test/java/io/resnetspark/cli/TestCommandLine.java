package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What all commands have in common. */
class TestCommandLine {
    @Test
    void everyCommandSaysWhatItDoesAndTakes() {
        helps(Main.commandLine(), List.of());
    }

    private static void helps(CommandLine command, List<String> words) {
        for (String help : new String[] {"--help", "-h"}) {
            List<String> all = new ArrayList<>(words);
            all.add(help);
            Ran ran = Ran.of(all.toArray(String[]::new));
            assertThat(ran.code()).as(all + ran.err()).isZero();
            assertThat(ran.out())
                    .startsWith("Usage: resnet " + String.join(" ", words))
                    .as("a placeholder that is no word")
                    .doesNotContainPattern("<\\w+>");
        }
        command.getSubcommands().forEach((name, below) -> {
            List<String> all = new ArrayList<>(words);
            all.add(name);
            helps(below, all);
        });
    }

    private static void says(String sentence, String... words) {
        Ran ran = Ran.of(words);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains(sentence);
    }

    @Test
    void saysWhatAMistypedWordMayHaveMeant() {
        says("There is no command trian; did you mean train?", "trian");
        says("There is no command verfy; did you mean verify?", "models", "verfy");
        says("There is no option --dta; did you mean --data?", "train", "r.conf", "--dta", "x", "--output", "y");
        says("There is no option --dta; did you mean --data?", "train", "r.conf", "--dta=x", "--output", "y");
        says("There is no option --colour.", "train", "r.conf", "--colour", "--data", "x", "--output", "y");
        says("There is a word too many: more.", "train", "r.conf", "more", "--data", "x", "--output", "y");
        says("'--output=URI'", "train", "r.conf", "--data", "x");
    }

    @Test
    void ratesHaveTheDigitsThatTheyNeed() {
        assertThat(SpeedFormat.of(12_345.6)).isEqualTo("12,346");
        assertThat(SpeedFormat.of(9.96)).isEqualTo("10");
        assertThat(SpeedFormat.of(9.94)).isEqualTo("9.9");
        assertThat(SpeedFormat.of(0.41)).isEqualTo("0.4");
        assertThat(SpeedFormat.of(0.0041)).isEqualTo("0.0041");
        assertThat(SpeedFormat.of(0)).isEqualTo("0.0");
    }

    @Test
    void progressShowsSlowRates() {
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        try (var step = new ConsoleProgress(new PrintStream(shown, true, StandardCharsets.UTF_8))
                .begin("train", "images", 10)) {
            step.reached(1, "loss 2");
        }
        assertThat(shown.toString(StandardCharsets.UTF_8))
                .startsWith("train: 1 of 10 images in ")
                .contains("images/s");
    }
}
