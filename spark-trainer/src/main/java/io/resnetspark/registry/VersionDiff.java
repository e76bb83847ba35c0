package io.resnetspark.registry;

import com.typesafe.config.Config;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ArtifactFiles;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.TopKError;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.RenamedKeys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** What two versions do not have in common. */
public final class VersionDiff {
    /** Something that differs; null where one has no such thing. */
    public record Line(String what, String one, String other) {}

    private VersionDiff() {}

    /** In what they say of themselves, what they were trained with, and how good they are. */
    public static List<Line> between(ModelVersion one, ModelVersion other, Configuration conf) throws IOException {
        Map<String, String> left = facts(one, conf);
        Map<String, String> right = facts(other, conf);
        TreeSet<String> all = new TreeSet<>(left.keySet());
        all.addAll(right.keySet());
        List<Line> lines = new ArrayList<>();
        for (String what : all) {
            if (!Objects.equals(left.get(what), right.get(what))) {
                lines.add(new Line(what, left.get(what), right.get(what)));
            }
        }
        return lines;
    }

    private static Map<String, String> facts(ModelVersion version, Configuration conf) throws IOException {
        ModelDescription model = version.description();
        Map<String, String> facts = new TreeMap<>();
        facts.put("network", model.network());
        facts.put("classes", String.join(", ", model.classes()));
        facts.put("preprocessing", Json.COMPACT.writeValueAsString(model.evaluation()));
        facts.put("parent", model.parent());
        facts.put(
                "data", model.provenance().dataset() + " " + model.provenance().datasetDigest());
        facts.put("created", model.provenance().created());
        facts.put(
                "software",
                model.provenance().version() + ", " + model.provenance().platform());
        facts.put(
                "workers",
                model.provenance().workers() + " x " + model.provenance().threadsPerWorker() + " threads");
        for (EvaluationResult result : model.results().values()) {
            String protocol = "result." + result.protocol() + ".";
            facts.put(protocol + "images", String.valueOf(result.count()));
            TopKError.of(result, model.classes().size())
                    .forEach(top -> facts.put(
                            protocol + "top-" + top.k() + "-error", String.format("%.2f %%", 100 * top.error())));
            facts.put(protocol + "cross-entropy", String.format("%.4f", result.crossEntropy()));
        }
        recipe(version, conf)
                .entrySet()
                .forEach(entry -> facts.put(
                        "recipe." + entry.getKey(), entry.getValue().unwrapped().toString()));
        return facts;
    }

    private static Config recipe(ModelVersion version, Configuration conf) throws IOException {
        Path file = new Path(version.path(), ArtifactFiles.RECIPE);
        return RenamedKeys.OF_RECIPES.current(Hocon.parse(Utf8.read(file, conf), file.toString()));
    }
}
