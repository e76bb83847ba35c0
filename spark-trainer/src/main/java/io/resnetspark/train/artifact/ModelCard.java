package io.resnetspark.train.artifact;

import io.resnetspark.model.ModelSummary;
import io.resnetspark.model.Networks;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.TopKError;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A page about a model for people, in Markdown: what it is for, what it was trained on, how good it is and what to be
 * careful of (Mitchell et al. 2019, "Model Cards for Model Reporting").
 */
final class ModelCard {
    /** More classes than these are only in classes.txt. */
    private static final int SHOWN_CLASSES = 20;

    private ModelCard() {}

    /** @param recipe resolved, in HOCON; imported weights have none */
    static String of(ModelDescription model, String recipe) {
        List<String> page = new ArrayList<>();
        page.add("# " + model.network() + ", " + model.classes().size() + " classes\n");
        page.add("Made from manifest.json, which programs read.\n");
        page.add("## Intended use\n");
        page.add("It sorts a photograph into one of these classes: " + classes(model.classes())
                + " Its output is a probability for each class; the probabilities sum to 1.\n");
        page.add("## Limits\n");
        page.add("- It knows no other class: a picture of something else gets one of these, perhaps with a high"
                + " probability.\n"
                + "- The errors below hold for photographs like those of the dataset. Evaluate it on your own before"
                + " you rely on it (`resnet evaluate`).\n"
                + "- Nobody has tested it for fairness between groups of people, nor against images that are made to"
                + " deceive it.\n");
        page.add("## Results\n");
        page.add(results(model.results(), model.classes().size()));
        page.add("## Data\n");
        page.add(table(data(model)));
        page.add("## Training\n");
        page.add(table(training(model, recipe)));
        page.add("## Network and input\n");
        page.add(table(network(model)));
        return String.join("\n", page);
    }

    private static String classes(List<String> names) {
        List<String> shown = names.subList(0, Math.min(SHOWN_CLASSES, names.size())).stream()
                .map(ModelCard::escaped)
                .toList();
        int rest = names.size() - shown.size();
        return String.join(", ", shown) + (rest == 0 ? "." : " and " + rest + " more (classes.txt).");
    }

    private static String results(Map<String, EvaluationResult> results, int classes) {
        if (results.isEmpty()) {
            return "It was not evaluated.\n";
        }
        StringBuilder rows = new StringBuilder("""
                | protocol | split | images | error | cross-entropy |
                | --- | --- | --- | --- | --- |
                """);
        new TreeMap<>(results)
                .values()
                .forEach(result -> rows.append(String.format(
                        "| %s | %s | %,d | %s | %.4f |\n",
                        result.protocol(),
                        result.split(),
                        result.count(),
                        TopKError.errors(result, classes),
                        result.crossEntropy())));
        return rows.toString();
    }

    private static List<List<String>> data(ModelDescription model) {
        Provenance from = model.provenance();
        return List.of(
                List.of("dataset", String.valueOf(from.dataset())),
                List.of("SHA-256 of its dataset.json", String.valueOf(from.datasetDigest())));
    }

    private static List<List<String>> training(ModelDescription model, String recipe) {
        Provenance from = model.provenance();
        List<List<String>> rows = new ArrayList<>();
        if (!Hocon.parse(recipe, ArtifactFiles.RECIPE).isEmpty()) {
            Map<String, String> values = Recipe.values(recipe);
            for (String key :
                    List.of("epochs", "batch-size", "workers", "steps-per-round", "momentum", "weight-decay")) {
                rows.add(List.of(key, values.getOrDefault(key, "")));
            }
            values.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith("learning-rate"))
                    .forEach(entry -> rows.add(List.of(entry.getKey(), entry.getValue())));
            rows.add(List.of("the whole recipe", "recipe.conf"));
        }
        rows.add(List.of("began from", model.parent() == null ? "nothing" : model.parent()));
        rows.add(List.of("seed", String.valueOf(from.seed())));
        rows.add(List.of("seconds", String.format("%,.0f", from.trainingSeconds())));
        rows.add(List.of("finished", String.valueOf(from.created())));
        rows.add(List.of("software", "resnet-spark " + from.version() + ", " + from.platform()));
        rows.add(List.of("computed with", from.backend() == null ? "not recorded" : from.backend()));
        return rows;
    }

    private static List<List<String>> network(ModelDescription model) {
        ModelDescription.Evaluation seen = model.evaluation();
        ModelSummary summary = Networks.named(model.network())
                .summary(model.input(), model.classes().size());
        return List.of(
                List.of("parameters", String.format("%,d", summary.parameters())),
                List.of("multiply-adds", String.format("%,d", summary.multiplyAdds())),
                List.of(
                        "an image",
                        "is scaled to a shorter side of " + seen.shorterSide() + " pixels; its centre of " + seen.crop()
                                + " x " + seen.crop() + " is seen"),
                List.of("weights", "weights.safetensors (PyTorch's names), model.onnx, model.zip (DL4J)"));
    }

    private static String table(List<List<String>> rows) {
        StringBuilder table = new StringBuilder("| | |\n| --- | --- |\n");
        rows.forEach(row -> table.append("| ")
                .append(row.get(0))
                .append(" | ")
                .append(escaped(row.get(1)))
                .append(" |\n"));
        return table.toString();
    }

    /** What would be markup. */
    private static String escaped(String text) {
        return text.replaceAll("([\\\\`*_\\[\\]<>|#])", "\\\\$1").replaceAll("\\R", " ");
    }
}
