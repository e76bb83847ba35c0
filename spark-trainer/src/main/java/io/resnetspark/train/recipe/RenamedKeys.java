package io.resnetspark.train.recipe;

import static io.resnetspark.train.recipe.RenamedKeys.Renamed.key;
import static io.resnetspark.train.recipe.RenamedKeys.Renamed.value;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keys and values that earlier versions called otherwise. Texts with the old names load: files, checkpoints, models. */
public final class RenamedKeys {
    /** Of recipes. */
    public static final RenamedKeys OF_RECIPES = new RenamedKeys(
            key("batch", "batch-size"),
            key("global-batch", "global-batch-size"),
            key("largest-gradient-norm", "clip-grad-norm"),
            new Renamed("weight-decay-on", "weight-decay-norm-and-bias", Map.of("all", true, "weights", false)),
            value("kernels", "ops", "nd4j"),
            key("data.crop", "data.image-size"),
            key("data.evaluation-shorter-side", "data.evaluation-resize"),
            key("data.validation", "data.validation-coverage"),
            value("learning-rate.kind", "steps", "multistep"),
            key("learning-rate.tenth-at-epochs", "learning-rate.milestones"),
            key("learning-rate.improvement", "learning-rate.threshold"),
            key("learning-rate.warm-up-from", "learning-rate.warm-up-start-factor"),
            value("averaging.engine", "ours", "native"),
            key("averaging.contributions", "averaging.update-dtype"),
            key("averaging.one-step-in-warm-up", "averaging.every-step-in-warm-up"),
            key("averaging.outer.rate", "averaging.outer-optimizer.learning-rate"),
            key("averaging.outer", "averaging.outer-optimizer"));

    private static final Logger LOG = LoggerFactory.getLogger(RenamedKeys.class);

    /** A plan's recipe is read several times in a run. */
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private final List<Renamed> all;

    /** @param all a key of a block before the block */
    public RenamedKeys(Renamed... all) {
        this.all = List.of(all);
    }

    /**
     * A key, a block or values of a key.
     *
     * @param old dotted, with the names of its blocks
     * @param current likewise; the same where only values have other names
     * @param values the new by the old; others stay as they are
     */
    public record Renamed(String old, String current, Map<String, Object> values) {
        /** A key or a block, whose values stay. */
        public static Renamed key(String old, String current) {
            return new Renamed(old, current, Map.of());
        }

        /** One value of a key. */
        static Renamed value(String key, String old, String current) {
            return new Renamed(key, key, Map.of(old, current));
        }

        /** Old name beside new name stays: strict reading refuses it. Blocks are merged. */
        private boolean isIn(Config config) {
            if (!config.hasPath(old)) {
                return false;
            }
            if (old.equals(current)) {
                return values.containsKey(text(config.getValue(old)));
            }
            return !config.hasPath(current) || (isBlock(config.getValue(old)) && isBlock(config.getValue(current)));
        }

        private Config in(Config config) {
            ConfigValue found = config.getValue(old);
            Object named = values.get(text(found));
            ConfigValue value =
                    named == null ? found : ConfigValueFactory.fromAnyRef(named).withOrigin(found.origin());
            Config rest = config.withoutPath(old);
            return rest.withValue(
                    current, rest.hasPath(current) ? rest.getValue(current).withFallback(value) : value);
        }

        /** Old and new, as they are written. */
        private Map.Entry<String, String> shown(ConfigValue value) {
            String was = text(value);
            return values.containsKey(was)
                    ? Map.entry(old + " = " + was, current + " = " + values.get(was))
                    : Map.entry(old, current);
        }

        private static boolean isBlock(ConfigValue value) {
            return value instanceof ConfigObject;
        }

        private static String text(ConfigValue value) {
            return isBlock(value) ? "" : String.valueOf(value.unwrapped());
        }
    }

    /** The new names by the old ones, with values where these have other names. */
    public Map<String, String> names() {
        Map<String, String> names = new LinkedHashMap<>();
        for (Renamed renamed : all) {
            if (renamed.values.isEmpty()) {
                names.put(renamed.old, renamed.current);
            }
            new TreeMap<>(renamed.values)
                    .forEach((old, current) -> names.put(renamed.old + " = " + old, renamed.current + " = " + current));
        }
        return names;
    }

    /** Of a key, whichever it is called by. */
    String current(String key) {
        for (Renamed renamed : all) {
            if (key.equals(renamed.old)) {
                return renamed.current;
            }
            if (key.startsWith(renamed.old + ".")) {
                return renamed.current + key.substring(renamed.old.length());
            }
        }
        return key;
    }

    /** What somebody wrote, with the names of today; a warning says where it has old ones. */
    public Config currentWithWarning(Config written) {
        return renamed(written, (origin, names) -> {
            String warning = Section.at(origin) + ": '" + names.getKey() + "' is called '" + names.getValue()
                    + "' now. Use the new name: the next release will not know the old one.";
            if (SAID.add(warning)) {
                LOG.warn(warning);
            }
        });
    }

    /** What a program wrote, which nobody can edit. */
    public Config current(Config stored) {
        return renamed(stored, (origin, names) -> {});
    }

    private Config renamed(Config config, BiConsumer<ConfigOrigin, Map.Entry<String, String>> eachRenaming) {
        Config current = config;
        for (Renamed renamed : all) {
            if (renamed.isIn(current)) {
                ConfigValue value = current.getValue(renamed.old);
                eachRenaming.accept(value.origin(), renamed.shown(value));
                current = renamed.in(current);
            }
        }
        return current;
    }
}
