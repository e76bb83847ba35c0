package io.resnetspark.deploy.reference;

import io.resnetspark.cli.Main;
import io.resnetspark.deploy.reference.Document.Quote;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A command that a page quotes, as the command line itself reads it; nothing runs. */
record QuotedCommand(Quote quote, List<String> words) {
    /** It stands alone, after a prompt, settings of the environment, a bracket or $(. */
    private static final Pattern COMMAND = Pattern.compile(
            "(?:^|[\\s(])(?:\\./|/opt/resnet-spark/|kit/)?(scripts/resnet|scripts/submit|resnet)(?=\\s)(.*)");
    /** In double quotes, in single quotes, or with neither. */
    private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|'[^']*'|\\S+");

    private static final String ELLIPSIS = "...";

    private static final CommandLine WHOLE = prepared(false);
    private static final CommandLine SHORTENED = prepared(true);

    /** The command of a line or of code in a sentence; none if it holds none, or only the name of one. */
    static Optional<QuotedCommand> in(Quote quote) {
        Matcher command = COMMAND.matcher(quote.text().replaceFirst("(^| )# .*", ""));
        if (!command.find()) {
            return Optional.empty();
        }
        List<String> words = words(command.group(2));
        if (command.group(1).endsWith("submit")) {
            int end = words.indexOf("--");
            words = words.subList(end + 1, words.size());
        }
        boolean isCommand = !words.isEmpty() && words.get(0).matches("[a-z]+");
        return isCommand && !isName(words) ? Optional.of(new QuotedCommand(quote, words)) : Optional.empty();
    }

    /** Of a command, which a sentence may mention without what it takes. */
    private static boolean isName(List<String> words) {
        CommandLine line = WHOLE;
        for (String word : words) {
            line = line == null ? null : line.getSubcommands().get(word);
        }
        return line != null;
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(text);
        while (word.find()) {
            String found = word.group();
            if (found.matches("[|&;>)]+|[0-9]?>.*|>>")) { // what comes after the command
                break;
            }
            words.add(found.replaceAll("^[\"'\\[]|[\"')\\]]+$", "")); // [ ] around what may be left out
        }
        return words;
    }

    /**
     * Reads it.
     *
     * @throws CommandLine.ParameterException if there is no such command, option or value, something has its old name or is missing; where
     *     the quotation leaves words out (...), something may be missing
     */
    CommandLine.ParseResult parse() {
        boolean shortened = words.stream().anyMatch(word -> word.contains(ELLIPSIS));
        List<String> said =
                words.stream().filter(word -> !word.equals(ELLIPSIS)).toList();
        CommandLine line = shortened ? SHORTENED : WHOLE;
        StringWriter warnings = new StringWriter();
        line.setErr(new PrintWriter(warnings, true));
        CommandLine.ParseResult parsed = line.parseArgs(said.toArray(String[]::new));
        if (!warnings.toString().isEmpty()) { // of an option's old name
            throw new CommandLine.ParameterException(line, warnings.toString());
        }
        CommandLine.ParseResult last = parsed;
        while (last.subcommand() != null) {
            last = last.subcommand();
        }
        return last;
    }

    private static CommandLine prepared(boolean shortened) {
        CommandLine line = Main.commandLine();
        prepare(line, shortened);
        return line;
    }

    private static void prepare(CommandLine line, boolean shortened) {
        line.registerConverter(int.class, word -> isPlaceholder(word) ? 1 : Integer.parseInt(word));
        line.registerConverter(Integer.class, word -> isPlaceholder(word) ? 1 : Integer.parseInt(word));
        line.registerConverter(double.class, word -> isPlaceholder(word) ? 1 : Double.parseDouble(word));
        if (shortened) {
            optional(line.getCommandSpec());
        }
        line.getSubcommands().values().forEach(below -> prepare(below, shortened));
    }

    private static void optional(CommandSpec spec) {
        for (OptionSpec option : List.copyOf(spec.options())) {
            if (option.required()) {
                replace(spec, option, option.toBuilder().required(false).build());
            }
        }
        for (PositionalParamSpec word : List.copyOf(spec.positionalParameters())) {
            replace(spec, word, word.toBuilder().required(false).arity("0..*").build());
        }
    }

    private static void replace(CommandSpec spec, ArgSpec old, ArgSpec with) {
        spec.remove(old);
        spec.add(with);
    }

    /** As N, URI, MODEL. */
    static boolean isPlaceholder(String word) {
        return word.matches("[A-Z][A-Z0-9_]*");
    }

    @Override
    public String toString() {
        return quote + " " + Arrays.asList(words.toArray());
    }
}
