package io.resnetspark.cli;

import io.resnetspark.model.Spelling;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;

/** Says what is wrong with a command's words: a word that nobody knows first, since others may be missing for it. */
final class UsageErrors implements IParameterExceptionHandler {
    @Override
    public int handleParseException(ParameterException wrong, String[] words) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        List<String> unknown = command.getUnmatchedArguments();
        err.println(unknown.isEmpty() ? wrong.getMessage() : sentence(command, unknown.get(0)));
        if (unknown.isEmpty() && !command.getSubcommands().isEmpty()) {
            command.usage(err);
        } else {
            err.println("'" + command.getCommandSpec().qualifiedName() + " --help' says what there is.");
        }
        return ExitCode.INPUT.code();
    }

    private static String sentence(CommandLine command, String word) {
        if (word.startsWith("-")) {
            String option = word.replaceFirst("=.*", "");
            return "There is no option " + option
                    + didYouMean(Spelling.suggestion(
                            option, command.getCommandSpec().optionsMap().keySet()));
        }
        if (!command.getSubcommands().isEmpty()) {
            return "There is no command " + word
                    + didYouMean(
                            Spelling.suggestion(word, command.getSubcommands().keySet()));
        }
        return "There is a word too many: " + word + ".";
    }

    private static String didYouMean(Optional<String> meant) {
        return meant.map(name -> "; did you mean " + name + "?").orElse(".");
    }
}
