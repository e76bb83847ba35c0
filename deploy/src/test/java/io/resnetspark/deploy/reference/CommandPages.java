package io.resnetspark.deploy.reference;

import io.resnetspark.cli.KnownSources;
import io.resnetspark.cli.Main;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The command line as a page, as manual pages, and as a shell's completion, made of picocli's own model of it. */
final class CommandPages {
    private static final String NAME = "resnet";
    private static final int WIDTH = 100;

    private CommandPages() {}

    /** A section for each command. */
    static String markdown() {
        StringBuilder page = new StringBuilder();
        for (CommandLine command : commands(Main.commandLine())) {
            CommandSpec spec = command.getCommandSpec();
            boolean isFirst = spec.parent() == null;
            page.append("## ").append(spec.qualifiedName()).append("\n\n");
            page.append(description(spec))
                    .append("\n\n```\n")
                    .append(synopsis(command))
                    .append("\n```\n\n");
            List<List<String>> rows = new ArrayList<>();
            for (ArgSpec argument : arguments(spec)) {
                rows.add(
                        List.of("`" + name(argument) + "`", (argument.required() ? "Needed. " : "") + words(argument)));
            }
            if (!rows.isEmpty()) {
                page.append(Table.of(List.of(isFirst ? "every command takes" : "takes", "meaning"), rows))
                        .append('\n');
            }
            if (!sources(command).isEmpty()) {
                page.append("```\n").append(sources(command).strip()).append("\n```\n\n");
            }
            page.append(footer(spec, "\n"));
        }
        return page.toString();
    }

    /** Pages of section 1, by the names of their files. */
    static Map<String, String> manuals() {
        Map<String, String> pages = new LinkedHashMap<>();
        for (CommandLine command : commands(Main.commandLine())) {
            String name = command.getCommandSpec().qualifiedName("-");
            pages.put(name + ".1", manual(command, name));
        }
        return pages;
    }

    private static String manual(CommandLine command, String name) {
        CommandSpec spec = command.getCommandSpec();
        StringBuilder page = new StringBuilder();
        page.append(".TH ")
                .append(roff(name.toUpperCase(java.util.Locale.ROOT)))
                .append(" 1 \"\" \"resnet\\-spark\"\n");
        page.append(".SH NAME\n")
                .append(roff(name))
                .append(" \\- ")
                .append(roff(description(spec)))
                .append('\n');
        page.append(".SH SYNOPSIS\n.nf\n").append(roff(synopsis(command))).append("\n.fi\n");
        if (!arguments(spec).isEmpty()) {
            page.append(".SH OPTIONS\n");
        }
        for (ArgSpec argument : arguments(spec)) {
            page.append(".TP\n\\fB").append(roff(name(argument))).append("\\fR\n");
            page.append(roff(words(argument))).append('\n');
        }
        if (!sources(command).isEmpty()) {
            page.append(".SH SOURCES\n.nf\n").append(roff(sources(command))).append("\n.fi\n");
        }
        if (!footer(spec, " ").isEmpty()) {
            page.append(".SH NOTES\n").append(roff(footer(spec, " "))).append('\n');
        }
        UsageMessageSpec usage = spec.usageMessage();
        if (!usage.exitCodeList().isEmpty()) {
            page.append(".SH EXIT STATUS\n");
            usage.exitCodeList()
                    .forEach((code, meaning) -> page.append(".TP\n\\fB")
                            .append(code)
                            .append("\\fR\n")
                            .append(roff(meaning))
                            .append('\n'));
        }
        List<String> others = Stream.concat(
                        Stream.ofNullable(spec.parent()).map(parent -> parent.qualifiedName("-")),
                        below(command).map(below -> below.getCommandSpec().qualifiedName("-")))
                .map(other -> "\\fB" + roff(other) + "\\fR(1)")
                .toList();
        return page.append(".SH SEE ALSO\n")
                .append(String.join(", ", others))
                .append('\n')
                .toString();
    }

    /** For bash, and for zsh with its bashcompinit. */
    static String completion() {
        return AutoComplete.bash(NAME, Main.commandLine());
    }

    private static List<CommandLine> commands(CommandLine command) {
        List<CommandLine> commands = new ArrayList<>(List.of(command));
        below(command).forEach(below -> commands.addAll(commands(below)));
        return commands;
    }

    private static Stream<CommandLine> below(CommandLine command) {
        return command.getSubcommands().values().stream()
                .filter(below -> !below.getCommandSpec().usageMessage().hidden());
    }

    /** Words first, then options; what all commands take stands with the first command alone. */
    private static List<ArgSpec> arguments(CommandSpec spec) {
        List<ArgSpec> arguments = new ArrayList<>(spec.positionalParameters());
        spec.options().stream()
                .filter(option -> !option.hidden() && !option.inherited())
                .forEach(arguments::add);
        return arguments;
    }

    private static String name(ArgSpec argument) {
        if (argument instanceof OptionSpec option) {
            String names = String.join(", ", option.names());
            return option.arity().max() == 0 ? names : names + " " + option.paramLabel();
        }
        return argument.paramLabel() + (argument.arity().max() > 1 ? "..." : "");
    }

    private static String words(ArgSpec argument) {
        String words = String.join(" ", argument.description());
        if (argument.completionCandidates() == null) {
            return words;
        }
        List<String> candidates = new ArrayList<>();
        argument.completionCandidates().forEach(candidates::add);
        return words.replace("${COMPLETION-CANDIDATES}", String.join(", ", candidates));
    }

    /** A list that belongs to a command's help, made when it is asked for. */
    private static String sources(CommandLine command) {
        IHelpSectionRenderer section = command.getHelpSectionMap().get(KnownSources.SECTION);
        return section == null ? "" : section.render(command.getHelp());
    }

    private static String description(CommandSpec spec) {
        return String.join(" ", spec.usageMessage().description());
    }

    private static String synopsis(CommandLine command) {
        command.setUsageHelpWidth(WIDTH);
        return new Help(command.getCommandSpec(), Help.defaultColorScheme(Help.Ansi.OFF))
                .synopsis(0)
                .strip();
    }

    private static String footer(CommandSpec spec, String between) {
        String words = String.join(" ", spec.usageMessage().footer()).strip();
        return words.isEmpty() ? "" : words + between + (between.equals("\n") ? "\n" : "");
    }

    /** A text as troff prints it. */
    private static String roff(String text) {
        return text.strip().replace("\\", "\\e").replace("-", "\\-").replaceAll("(?m)^([.'])", "\\\\&$1");
    }
}
