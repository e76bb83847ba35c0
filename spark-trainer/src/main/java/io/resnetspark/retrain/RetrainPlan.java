package io.resnetspark.retrain;

import static io.resnetspark.train.recipe.RenamedKeys.Renamed.key;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.recipe.Hocon;
import io.resnetspark.train.recipe.Key;
import io.resnetspark.train.recipe.Problems;
import io.resnetspark.train.recipe.RenamedKeys;
import io.resnetspark.train.recipe.Section;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is retrained, when, and what must hold for the result to be used: a HOCON file, read strictly; defaults.conf has
 * a word on each key.
 *
 * @param name of the model in the registry
 * @param registry its folder, such as hdfs:///models
 * @param data the prepared dataset
 * @param runs the folder that attempts are kept in
 * @param recipe file, beside the plan if it is no absolute path
 * @param fromChampion whether training begins with the champion's weights
 */
public record RetrainPlan(
        String name,
        String registry,
        String data,
        String runs,
        String recipe,
        Map<String, String> overrides,
        Corpus corpus,
        boolean fromChampion,
        Trigger trigger,
        GateRules gate,
        int checkpointMinutes,
        int keepVersions,
        Duration lease,
        Hooks.Targets hooks) {
    /** With comments, and keys that have no default. */
    private static final Config REFERENCE = Hocon.defaults(RetrainPlan.class, "defaults.conf");

    private static final Config DEFAULTS = Hocon.withoutNulls(REFERENCE);

    /** Its keys that earlier versions called otherwise. */
    public static final RenamedKeys RENAMED = new RenamedKeys(
            key("begin", "init-from"),
            key("keep", "keep-versions"),
            key("prepare.shorter-side", "prepare.resize"),
            key("prepare.most-bad", "prepare.max-bad-fraction"),
            key("reason.new-pictures", "trigger.new-images"),
            key("reason.champion-days", "trigger.max-champion-age-days"),
            key("reason", "trigger"),
            key("gate.minimum-gain", "gate.min-accuracy-gain"),
            key("gate.least-accuracy", "gate.min-accuracy"),
            key("gate.largest-class-loss", "gate.max-class-accuracy-drop"),
            key("gate.class-pictures", "gate.min-class-images"),
            key("gate.significance", "gate.significance-level"));

    /** Where new images come from; nothing is prepared if {@code from} is empty. */
    public record Corpus(
            String from,
            String source,
            int resize,
            boolean keepOriginal,
            int shardMebibytes,
            double maxBadFraction,
            double maxRemovedFraction) {}

    /** When to train; 0 switches a trigger off. */
    public record Trigger(long newImages, int maxChampionAgeDays) {}

    /**
     * What must hold for a challenger to become champion.
     *
     * @param minAccuracyGain of top-1 accuracy; below 0 it may be worse by so much, else it must be better
     * @param maxClassAccuracyDrop in any class of at least {@code minClassImages} images
     * @param significanceLevel the largest p value of McNemar's test; 1 if nothing is asked of it
     */
    public record GateRules(
            Split split,
            EvaluationProtocol protocol,
            double minAccuracyGain,
            double minAccuracy,
            double maxClassAccuracyDrop,
            int minClassImages,
            double significanceLevel) {}

    /**
     * Reads a plan.
     *
     * @throws BadInputException listing all that is wrong with it
     */
    public static RetrainPlan parse(String text, String name) {
        Config own = RENAMED.currentWithWarning(Hocon.parseTrusted(text, name));
        Config config = own.withFallback(DEFAULTS).resolve();
        Problems problems = new Problems();
        RetrainPlan plan = read(config, own, problems);
        problems.throwIfAny();
        return plan;
    }

    /** Every key that a plan may have. */
    public static List<Key> keys() {
        return Key.all(REFERENCE, (config, problems) -> read(config, config, problems));
    }

    /** @param own what the plan says itself, without the defaults */
    private static RetrainPlan read(Config config, Config own, Problems problems) {
        Section root = new Section(config, "", problems);
        RetrainPlan plan = new RetrainPlan(
                needed(root, "name", root.text("name")),
                needed(root, "registry", root.place("registry")),
                needed(root, "data", root.place("data")),
                needed(root, "runs", root.place("runs")),
                needed(root, "recipe", root.text("recipe")),
                overrides(root, config),
                corpus(root.section("prepare")),
                root.choice("init-from", "scratch", "champion").equals("champion"),
                trigger(root.section("trigger")),
                gate(root.section("gate"), own.hasPath("gate.significance-level")),
                root.integer("checkpoint-minutes", 1, 100_000),
                root.integer("keep-versions", 1, 1_000_000),
                Duration.ofSeconds(root.integer("lease-seconds", 3, 86_400)),
                hooks(root.secretSection("hooks")));
        root.refuseUnknown();
        return plan;
    }

    private static String needed(Section root, String key, String value) {
        if (value.isBlank()) {
            root.problem(key, "\"\"", "a word");
        }
        return value;
    }

    private static Map<String, String> overrides(Section root, Config config) {
        root.section("set"); // says if it is no block; what is in it, the recipe judges
        Map<String, String> overrides = new LinkedHashMap<>();
        if (config.hasPath("set")) {
            config.getConfig("set")
                    .entrySet()
                    .forEach(entry ->
                            overrides.put(entry.getKey(), entry.getValue().render(ConfigRenderOptions.concise())));
        }
        return overrides;
    }

    private static Corpus corpus(Section section) {
        Corpus corpus = new Corpus(
                section.place("from"),
                section.choice("source", Sources.found().keySet().toArray(String[]::new)),
                section.integer("resize", 1, 100_000),
                section.flag("keep-original"),
                section.integer("shard-mebibytes", 1, 1024),
                section.number("max-bad-fraction", 0, 1),
                section.number("max-removed-fraction", 0, 1));
        section.refuseUnknown();
        return corpus;
    }

    private static Trigger trigger(Section section) {
        Trigger trigger = new Trigger(
                section.integer("new-images", 0, Integer.MAX_VALUE),
                section.integer("max-champion-age-days", 0, 100_000));
        section.refuseUnknown();
        return trigger;
    }

    /** @param namesSignificanceLevel whether the plan itself does, and not the defaults alone */
    private static GateRules gate(Section section, boolean namesSignificanceLevel) {
        double gain = section.number("min-accuracy-gain", -1, 1);
        double significance = section.number("significance-level", 0, 1);
        if (gain < 0 && !namesSignificanceLevel) {
            significance = 1;
        } else if (gain < 0 && significance < 1) {
            section.problem(
                    "significance-level",
                    significance,
                    "1 where gate.min-accuracy-gain is below 0: a model that may be worse need not be better beyond chance");
        }
        GateRules rules = new GateRules(
                judgedSplit(section),
                EvaluationProtocol.named(section.choice(
                        "protocol", EvaluationProtocol.ONE_CROP.toString(), EvaluationProtocol.TEN_CROP.toString())),
                gain,
                section.number("min-accuracy", 0, 1),
                section.number("max-class-accuracy-drop", 0, 1),
                section.integer("min-class-images", 1, Integer.MAX_VALUE),
                significance);
        section.refuseUnknown();
        return rules;
    }

    private static Split judgedSplit(Section section) {
        String name = section.text("split");
        if (name.equals(Split.VAL.folder()) || name.equals(Split.TEST.folder())) {
            return Split.named(name);
        }
        section.problem(
                "split",
                name,
                "val or test; images that a model was trained on do not tell how good it is with others");
        return Split.VAL;
    }

    private static Hooks.Targets hooks(Section section) {
        Hooks.Targets targets = new Hooks.Targets(section.text("url"), List.copyOf(section.texts("command")));
        section.refuseUnknown();
        if (!targets.url().isEmpty() && !targets.url().matches("https?://.+")) {
            section.problem("url", targets.url(), "an address that begins with http:// or https://");
        }
        return targets;
    }
}
