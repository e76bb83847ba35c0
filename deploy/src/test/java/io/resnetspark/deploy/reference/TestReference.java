package io.resnetspark.deploy.reference;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import io.resnetspark.analysis.GradientsOfModel;
import io.resnetspark.analysis.LesionsOfModel;
import io.resnetspark.analysis.ResponsesOfModel;
import io.resnetspark.cli.ExitCode;
import io.resnetspark.cli.Main;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Shards;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.retrain.Figures;
import io.resnetspark.retrain.Outcome;
import io.resnetspark.retrain.RetrainPlan;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.evaluate.EvaluationReport;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.ScoreLine;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Key;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.RenamedKeys;
import io.resnetspark.train.report.Metrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * References that are made from the code are what the code says. A page of docs/ has them between two comments, which
 * name what stands there; all around it is written by hand. -Dreference.write writes them anew.
 */
class TestReference {
    private static final boolean WRITE = System.getProperty("reference.write") != null;
    private static final String HOW = """
            The code says something else than this page. Write it anew:
                mvn -q -pl deploy -am -Dreference.write -Dtest=TestReference -Dsurefire.failIfNoSpecifiedTests=false test
            """;
    private static final Path DOCS = Document.ROOT.resolve("docs");
    private static final Path MANUALS = DOCS.resolve("man");
    private static final Pattern MADE =
            Pattern.compile("(" + Document.MADE + "([a-z ]+) -->\n).*?(" + Document.END + ")", Pattern.DOTALL);

    /** What may stand between the comments, by their names. */
    private static Map<String, String> made() throws IOException {
        Map<String, String> made = new LinkedHashMap<>();
        made.put("commands", CommandPages.markdown());
        made.put("recipe", KeyTables.of(Recipe.keys(), "A recipe"));
        made.put("transforms", KeyTables.transforms());
        made.put("renamed keys", renamed(RenamedKeys.OF_RECIPES));
        made.put("plan", KeyTables.of(RetrainPlan.keys(), "A plan"));
        made.put("renamed plan keys", renamed(RetrainPlan.RENAMED));
        made.put("exit codes", exitCodes());
        made.put("packages", PackageTable.of(List.of("resnet-model", "data-prep", "spark-trainer", "deploy")));
        Set<Class<?>> metrics = new HashSet<>();
        made.put("round", JsonFields.of(Metrics.RoundLine.class, metrics));
        made.put("workers", JsonFields.of(Metrics.WorkersLine.class, metrics));
        made.put("evaluation", JsonFields.of(Metrics.EvaluationLine.class, metrics));
        made.put("evaluation report", JsonFields.of(EvaluationReport.class, metrics));
        made.put("score", JsonFields.of(ScoreLine.class, metrics));
        Set<Class<?>> files = new HashSet<>(Set.of(EvaluationResult.class));
        made.put("dataset", JsonFields.of(Dataset.class, files));
        made.put("shard", "```\n" + Shards.SCHEMA.toString().strip() + "\n```");
        made.put("preprocessing", JsonFields.of(ModelDescription.Evaluation.class, files));
        made.put("provenance", JsonFields.of(Provenance.class, files));
        made.put("event", JsonFields.of(RegistryEvent.class, files));
        made.put("outcome", JsonFields.of(Outcome.class, files));
        made.put("figures", JsonFields.of(Figures.TYPE, files));
        made.put("layer responses", JsonFields.of(ResponsesOfModel.class, files));
        made.put("lesions", JsonFields.of(LesionsOfModel.class, files));
        made.put("gradients", JsonFields.of(GradientsOfModel.class, files));
        return made;
    }

    private static String renamed(RenamedKeys keys) {
        List<List<String>> rows = new ArrayList<>();
        keys.names().forEach((old, now) -> rows.add(List.of("`" + old + "`", "`" + now + "`")));
        return Table.of(List.of("earlier name", "name"), rows);
    }

    private static String exitCodes() {
        List<List<String>> rows = new ArrayList<>();
        for (ExitCode exit : ExitCode.values()) {
            rows.add(List.of(String.valueOf(exit.code()), exit.meaning(), exit.fixedBy(), exit.examples()));
        }
        return Table.of(List.of("code", "what it means", "who fixes it", "examples"), rows);
    }

    @Test
    void pagesSayWhatTheCodeSays() throws IOException {
        Map<String, String> made = made();
        Set<String> used = new HashSet<>();
        try (Stream<Path> pages = Files.walk(DOCS)) {
            for (Path page :
                    pages.filter(path -> path.toString().endsWith(".md")).toList()) {
                String text = Files.readString(page);
                String filled = MADE.matcher(text).replaceAll(place -> {
                    assertThat(made).as(page.toString()).containsKey(place.group(2));
                    used.add(place.group(2));
                    return Matcher.quoteReplacement(
                            place.group(1) + "\n" + made.get(place.group(2)).strip() + "\n\n" + place.group(3));
                });
                holds(page, filled);
            }
        }
        assertThat(used).as("each stands on a page").isEqualTo(made.keySet());
    }

    @Test
    void manualPagesSayWhatTheCodeSays() throws IOException {
        Map<String, String> manuals = CommandPages.manuals();
        for (Map.Entry<String, String> manual : manuals.entrySet()) {
            holds(MANUALS.resolve(manual.getKey()), manual.getValue());
        }
        try (Stream<Path> found = Files.list(MANUALS)) {
            for (Path file : found.toList()) {
                if (WRITE && !manuals.containsKey(file.getFileName().toString())) {
                    Files.delete(file);
                } else {
                    assertThat(manuals).as(HOW).containsKey(file.getFileName().toString());
                }
            }
        }
    }

    @Test
    void theShellsCompletionKnowsEveryCommand() throws IOException {
        holds(Document.ROOT.resolve("scripts").resolve("completion.bash"), CommandPages.completion());
    }

    private static void holds(Path file, String text) throws IOException {
        if (WRITE) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        }
        assertThat(file).as(HOW).exists().content().as(HOW + file).isEqualTo(text);
    }

    @Test
    void everyKeyHasAMeaningAndEveryMeaningAKey() {
        sameKeys(Recipe.keys(), Hocon.defaults(Recipe.class, "defaults.conf"));
        sameKeys(RetrainPlan.keys(), Hocon.defaults(RetrainPlan.class, "defaults.conf"));
    }

    private static void sameKeys(List<Key> keys, Config defaults) {
        assertThat(keys)
                .allSatisfy(key -> assertThat(key.meaning())
                        .as("%s needs a comment in its defaults.conf; a key without default is null there", key.path())
                        .isNotEmpty());
        List<String> documented = new ArrayList<>();
        collect("", defaults.root(), documented);
        assertThat(keys).extracting(Key::path).containsAll(documented).hasSizeGreaterThan(20);
    }

    private static void collect(String prefix, ConfigObject block, List<String> paths) {
        block.forEach((name, value) -> {
            paths.add(prefix + name);
            if (value instanceof ConfigObject inner) {
                collect(prefix + name + ".", inner, paths);
            }
        });
    }

    @Test
    void defaultsThatOptionsTellAreTheirs() {
        List<String> wrong = new ArrayList<>();
        defaults(Main.commandLine(), wrong);
        assertThat(wrong).isEmpty();
    }

    private static void defaults(CommandLine command, List<String> wrong) {
        for (OptionSpec option : command.getCommandSpec().options()) {
            String told = String.join(" ", option.description());
            String value = option.defaultValue();
            if (value == null || value.isEmpty()) {
                continue;
            }
            if (!Pattern.compile("Default: " + Pattern.quote(value) + "(, |\\.|$)")
                    .matcher(told)
                    .find()) {
                wrong.add(command.getCommandSpec().qualifiedName() + " " + option.longestName() + " is " + value
                        + " by default, and says: " + told);
            }
        }
        command.getSubcommands().values().forEach(below -> defaults(below, wrong));
    }
}
