package io.resnetspark.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Stack;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Accepts the names that options and their values had in the last release, with a warning that names the new one. They
 * are replaced before picocli reads a command's arguments, so that no help, manual page or completion shows them.
 */
final class RenamedOptions implements IParameterPreprocessor {
    /** Of whichever command has the new one. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("--trace", "--stacktrace"),
            Map.entry("--to", "--output"),
            Map.entry("--out", "--output"),
            Map.entry("--shorter-side", "--resize"),
            Map.entry("--most-bad", "--max-bad-fraction"),
            Map.entry("--most-pixels", "--max-pixels"),
            Map.entry("--most-bytes", "--max-bytes"),
            Map.entry("--doubles", "--duplicates"),
            Map.entry("--deviation", "--std"),
            Map.entry("--why", "--message"),
            Map.entry("--batch", "--batch-size"),
            Map.entry("--image", "--image-size"),
            Map.entry("--crop", "--image-size"),
            Map.entry("--top", "--top-k"),
            Map.entry("--contributions", "--update-dtype"));

    /** By the option's new name. */
    private static final Map<String, Map<String, String>> VALUES = Map.of(
            "--duplicates", Map.of("set-aside", "exclude"),
            "--engine", Map.of("ours", "native"),
            "--kernels", Map.of("ops", "nd4j", "stock", "dl4j"));

    private RenamedOptions() {}

    /** Makes a command and all below it accept the old names. */
    static CommandLine acceptedBy(CommandLine command) {
        command.getCommandSpec().preprocessor(new RenamedOptions());
        command.getSubcommands().values().forEach(RenamedOptions::acceptedBy);
        return command;
    }

    /** The top of the stack is the first argument. */
    @Override
    public boolean preprocess(Stack<String> stack, CommandSpec command, ArgSpec none, Map<String, Object> unused) {
        Replacement replacement = new Replacement(command);
        List<String> arguments = new ArrayList<>();
        while (!stack.isEmpty()) {
            arguments.add(stack.pop());
        }
        List<String> current = replacement.of(arguments);
        for (int i = current.size() - 1; i >= 0; i--) {
            stack.push(current.get(i));
        }
        Main main = (Main) command.root().userObject();
        if (!main.quiet && !arguments.contains("--quiet")) {
            replacement.warnings.forEach(command.commandLine().getErr()::println);
        }
        return false; // picocli reads them now
    }

    /** Of the arguments of one command. */
    private static final class Replacement {
        private final Map<String, OptionSpec> options;
        /** Whether --json is a flag that took a file. */
        private final boolean jsonTookFile;

        private final Set<String> warnings = new LinkedHashSet<>();

        Replacement(CommandSpec command) {
            options = command.optionsMap();
            jsonTookFile = command.name().equals("evaluate");
        }

        List<String> of(List<String> arguments) {
            List<String> current = new ArrayList<>();
            boolean isValue = false;
            String option = "";
            for (int i = 0; i < arguments.size(); i++) {
                String argument = arguments.get(i);
                if (argument.equals("--")) { // no options follow
                    current.addAll(arguments.subList(i, arguments.size()));
                    break;
                }
                if (isValue) {
                    current.add(value(option, argument));
                    isValue = false;
                } else if (argument.startsWith("--")) {
                    String[] parts = argument.split("=", 2);
                    boolean hasFile = parts.length == 2 || (i + 1 < arguments.size() && isJson(arguments.get(i + 1)));
                    option = name(parts[0], hasFile);
                    current.add(parts.length == 1 ? option : option + "=" + value(option, parts[1]));
                    isValue = parts.length == 1 && takesValue(option);
                } else {
                    current.add(argument);
                }
            }
            return current;
        }

        private String name(String name, boolean hasFile) {
            if (name.equals("--json") && jsonTookFile && hasFile) {
                warn("--json FILE", "--output FILE");
                return "--output";
            }
            String current = NAMES.getOrDefault(name, name);
            if (current.equals(name) || options.containsKey(name) || !options.containsKey(current)) {
                return name;
            }
            warn(name, current);
            return current;
        }

        private String value(String option, String value) {
            Map<String, String> values = VALUES.getOrDefault(option, Map.of());
            return Arrays.stream(value.split(",", -1))
                    .map(one -> {
                        String current = values.getOrDefault(one, one);
                        if (!current.equals(one)) {
                            warn(option + " " + one, option + " " + current);
                        }
                        return current;
                    })
                    .collect(Collectors.joining(","));
        }

        private static boolean isJson(String argument) {
            return argument.endsWith(".json");
        }

        private boolean takesValue(String option) {
            return options.containsKey(option) && options.get(option).arity().max() > 0;
        }

        private void warn(String old, String current) {
            warnings.add("resnet: " + old + " is called " + current
                    + " now. Use the new name: the next release will not know the old one.");
        }
    }
}
