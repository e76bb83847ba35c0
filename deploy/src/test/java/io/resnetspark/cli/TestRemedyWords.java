package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.storage.Remedy.Kind;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

/** The options that fix bad input. */
class TestRemedyWords {
    @Test
    void remediesFollowTheFact() {
        BadInputException bad = new BadInputException(
                "DIR has checkpoints of a run that was begun.",
                List.of(Remedy.of(Kind.RESUME), Remedy.of(Kind.OTHER_OUTPUT)));
        assertThat(FailureCause.of(new IllegalStateException(bad)).message())
                .startsWith("DIR has checkpoints of a run that was begun. Resume it with --resume, or ")
                .endsWith(".");
        assertThat(FailureCause.of(new BadInputException("No.")).message()).isEqualTo("No.");
    }

    /** Whatever is said must be there. */
    @ParameterizedTest
    @EnumSource
    void everyOptionIsOneOfOurs(Kind kind) {
        String message = RemedyWords.message(
                new BadInputException("Bad.", List.of(new Remedy(kind, List.of("first", "second")))));
        Set<String> options = new TreeSet<>();
        collect(Main.commandLine(), options);
        Set<String> named = Pattern.compile("--[a-z][a-z-]*")
                .matcher(message)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toSet());
        assertThat(named).isNotEmpty();
        assertThat(options).containsAll(named);
    }

    private static void collect(CommandLine command, Set<String> options) {
        options.addAll(command.getCommandSpec().optionsMap().keySet());
        command.getSubcommands().values().forEach(below -> collect(below, options));
    }
}
