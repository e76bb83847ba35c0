package io.resnetspark.deploy.reference;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.resnetspark.cli.Main;
import io.resnetspark.deploy.reference.Document.Quote;
import io.resnetspark.retrain.RetrainPlan;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Key;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/** What pages tell people to type can be typed: commands, options, and keys of recipes and plans. */
class TestQuotedCommands {
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z0-9-]*");

    /** spark-submit's options, as far as pages name them. */
    private static final Set<String> OF_SPARK = Set.of(
            "--conf",
            "--deploy-mode",
            "--driver-memory",
            "--executor-cores",
            "--executor-memory",
            "--packages",
            "--total-executor-cores");

    private static final Set<String> RECIPE_KEYS = keys(Recipe.keys());

    private static final Pattern SETTING = Pattern.compile("(?!logger\\.)([a-z][a-z0-9-]*(?:\\.[a-z0-9-]+)*) = \\S.*");

    @Test
    void everyQuotedCommandCanBeRead() throws IOException {
        List<String> problems = new ArrayList<>();
        List<QuotedCommand> commands = commands();
        for (QuotedCommand command : commands) {
            try {
                problems.addAll(wrong(command));
            } catch (CommandLine.ParameterException | BadInputException wrong) {
                problems.add(command + "\n    " + wrong.getMessage());
            }
        }
        assertThat(problems).isEmpty();
        assertThat(commands).as("the search finds them").hasSizeGreaterThan(50);
    }

    @Test
    void whatCannotBeReadIsFound() {
        for (String bad : List.of(
                "scripts/resnet trian RECIPE --data URI --output URI",
                "scripts/resnet train RECIPE --data URI",
                "scripts/resnet train RECIPE --data URI --output URI --checkpoint-minutes soon",
                "scripts/submit --master URL -- train RECIPE --dta URI --output URI",
                "scripts/resnet train RECIPE --data URI --out URI",
                "scripts/resnet train ... --dta URI")) {
            QuotedCommand command =
                    QuotedCommand.in(new Quote(Path.of("page.md"), 1, bad)).orElseThrow();
            assertThat(org.assertj.core.api.Assertions.catchThrowable(command::parse))
                    .as(bad)
                    .isInstanceOf(CommandLine.ParameterException.class);
        }
        assertThat(wrong(QuotedCommand.in(new Quote(
                                Path.of("page.md"),
                                1,
                                "scripts/resnet train RECIPE --data URI --output URI --set epoch=1"))
                        .orElseThrow()))
                .singleElement()
                .asString()
                .contains("epoch");
    }

    /** In pages, in what cron and systemd start, and in the comments of recipes and plans. */
    private static List<QuotedCommand> commands() throws IOException {
        List<Quote> quotes = new ArrayList<>();
        for (Document page : Document.all()) {
            page.blocks().forEach(block -> quotes.addAll(block.lines()));
            quotes.addAll(page.spans());
        }
        for (String ending : List.of("crontab", ".service", ".conf")) {
            for (Path file : Document.files(ending)) {
                if (!file.toString().contains("/src/test/")) {
                    quotes.addAll(lines(file));
                }
            }
        }
        return quotes.stream()
                .map(QuotedCommand::in)
                .flatMap(java.util.Optional::stream)
                .toList();
    }

    /** Comments without their sign, and only what begins with the command there. */
    private static List<Quote> lines(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<Quote> quotes = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean prose = line.strip().startsWith("#") && !line.matches("\\s*#\\s*scripts/.*");
            if (!prose) {
                quotes.add(new Quote(Document.ROOT.relativize(file), i + 1, line.replaceFirst("^\\s*#", "")));
            }
        }
        return quotes;
    }

    /** What can be said beyond the words themselves: recipes that we ship are read with what --set says, others by keys. */
    private static List<String> wrong(QuotedCommand command) {
        CommandLine.ParseResult parsed = command.parse();
        Map<String, String> overrides = overrides(parsed);
        List<String> problems = new ArrayList<>();
        for (ArgSpec positional : parsed.commandSpec().positionalParameters()) {
            for (String file : positional.originalStringValues()) {
                Path ours = Document.ROOT.resolve(file.replaceFirst("^(/opt/resnet-spark|hdfs://)/", ""));
                if (!file.matches("(/opt/resnet-spark/)?(recipes|plans)/[\\w-]+\\.conf")) {
                    continue;
                }
                try {
                    String text = Files.readString(ours);
                    if (file.contains("recipes/")) {
                        Recipe.parse(text, file, filled(overrides));
                    } else {
                        RetrainPlan.parse(text, file);
                    }
                } catch (IOException missing) {
                    problems.add(command + "\n    There is no " + ours);
                }
            }
        }
        overrides.keySet().stream()
                .filter(key -> !RECIPE_KEYS.contains(key) && !QuotedCommand.isPlaceholder(key))
                .forEach(key -> problems.add(command + "\n    There is no key " + key));
        return problems;
    }

    /** Without those whose value is a placeholder, which is no value of theirs. */
    private static Map<String, String> filled(Map<String, String> overrides) {
        return overrides.entrySet().stream()
                .filter(entry -> !QuotedCommand.isPlaceholder(entry.getValue()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Map<String, String> overrides(CommandLine.ParseResult parsed) {
        return parsed.matchedOptions().stream()
                .filter(option ->
                        option.typeInfo().isMap() && option.paramLabel().equals("KEY=VALUE"))
                .map(option -> option.<Map<String, String>>getValue())
                .findFirst()
                .orElse(Map.of());
    }

    private static Set<String> keys(List<Key> keys) {
        return keys.stream().map(Key::path).collect(Collectors.toCollection(HashSet::new));
    }

    @Test
    void everyOptionThatIsNamedIsOurs() throws IOException {
        Set<String> options = new TreeSet<>(OF_SPARK);
        collect(Main.commandLine(), options);
        for (Path script : Document.files("")) {
            if (script.getParent().endsWith("scripts")) {
                OPTION.matcher(Files.readString(script)).results().forEach(option -> options.add(option.group()));
            }
        }
        Set<String> others = new TreeSet<>();
        for (Document page : Document.all()) {
            for (Quote span : page.spans()) {
                Matcher option = OPTION.matcher(span.text());
                if (option.lookingAt() && !options.contains(option.group())) {
                    others.add(span.toString());
                }
            }
        }
        assertThat(others).isEmpty();
    }

    /**
     * scripts/submit sets spark.executor.extraJavaOptions: --conf would replace that, and spark-defaults.conf is overruled by
     * it. Spark puts defaultJavaOptions before it. Lines for a spark-submit of one's own stand in blocks.
     */
    @Test
    void nobodyIsToldToReplaceTheJavaOptionsOfScriptsSubmit() throws IOException {
        String replaced = "spark.executor.extraJavaOptions";
        assertThat(Files.readString(Document.ROOT.resolve("scripts").resolve("submit")))
                .contains("--conf " + replaced + "=");
        List<String> told = new ArrayList<>();
        for (Document page : Document.all()) {
            page.spans().stream()
                    .filter(span -> span.text().contains(replaced))
                    .forEach(span -> told.add(span.toString()));
        }
        for (Path source : Document.files(".java")) {
            if (source.toString().contains("/src/main/")
                    && Files.readString(source).contains(replaced)) {
                told.add(source.toString());
            }
        }
        assertThat(told).isEmpty();
    }

    private static void collect(CommandLine command, Set<String> names) {
        command.getCommandSpec().options().forEach(option -> names.addAll(List.of(option.names())));
        command.getSubcommands().values().forEach(below -> collect(below, names));
    }

    @Test
    void everyKeyThatIsNamedIsOneOfARecipeOrAPlan() throws IOException {
        Set<String> known = new HashSet<>();
        Stream.concat(Recipe.keys().stream(), RetrainPlan.keys().stream())
                .map(Key::path)
                .forEach(path -> {
                    for (String rest = path; !rest.isEmpty(); rest = rest.replaceFirst("^[^.]*\\.?", "")) {
                        known.add(rest);
                    }
                });
        List<String> unknown = new ArrayList<>();
        for (Document page : Document.all()) {
            for (Quote span : page.spans()) {
                Matcher setting = SETTING.matcher(span.text());
                if (setting.matches() && !known.contains(ofRecipe(setting.group(1)))) {
                    unknown.add(span.toString());
                }
            }
            for (Document.Block block : page.blocks()) {
                if (block.language().equals("hocon")) {
                    String text = block.lines().stream().map(Quote::text).collect(Collectors.joining("\n"));
                    Config config = Hocon.parseTrusted(text, block.start().toString());
                    config.entrySet().stream()
                            .map(entry -> ofRecipe(entry.getKey()))
                            .filter(key -> !known.contains(key))
                            .forEach(key -> unknown.add(block.start() + " " + key));
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    /** What a plan sets of a recipe. */
    private static String ofRecipe(String key) {
        return key.replaceFirst("^set\\.", "");
    }
}
