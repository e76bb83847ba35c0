package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The augmentation of recipes of earlier versions: a block {@code data.augmentation} of one of four kinds, and {@code
 * data.colour-noise}. The list that it becomes draws the same random numbers, so that runs resume bit-identically.
 */
final class OldAugmentation {
    private static final Logger LOG = LoggerFactory.getLogger(OldAugmentation.class);

    /** A plan's recipe is read several times in a run. */
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    static final String NOISE = "colour-noise";

    private static final String NOISE_PATH = "data." + NOISE;
    private static final String SHORTER_SIDE = "shorter-side";
    private static final MathContext DIGITS = new MathContext(7);

    private OldAugmentation() {}

    /** What somebody wrote; a warning shows the list to write. */
    static Config currentWithWarning(Config written) {
        Optional<List<Map<String, Object>>> list = list(written);
        list.ifPresent(transforms -> warn(
                Section.at(written.getValue(TransformList.PATH).origin()) + ": 'data.augmentation' is a list now; write"
                        + " augmentation = " + hocon(transforms)
                        + ", without colour-noise. The old form may go one day."));
        return list.map(transforms -> replaced(written, transforms)).orElse(written);
    }

    private static void warn(String warning) {
        if (SAID.add(warning)) {
            LOG.warn(warning);
        }
    }

    /** What a program wrote, which nobody can edit. */
    static Config current(Config stored) {
        return list(stored).map(transforms -> replaced(stored, transforms)).orElse(stored);
    }

    private static Config replaced(Config recipe, List<Map<String, Object>> transforms) {
        ConfigOrigin origin = recipe.getValue(TransformList.PATH).origin();
        return recipe.withoutPath(NOISE_PATH)
                .withValue(TransformList.PATH, placed(ConfigValueFactory.fromIterable(transforms), origin));
    }

    /** With the old block's line, for messages. */
    private static ConfigValue placed(ConfigValue value, ConfigOrigin origin) {
        if (value instanceof ConfigList list) {
            return ConfigValueFactory.fromIterable(
                            list.stream().map(each -> placed(each, origin)).toList())
                    .withOrigin(origin);
        }
        if (value instanceof ConfigObject block) {
            ConfigObject result = block;
            for (Map.Entry<String, ConfigValue> entry : block.entrySet()) {
                result = result.withValue(entry.getKey(), placed(entry.getValue(), origin));
            }
            return result.withOrigin(origin);
        }
        return value.withOrigin(origin);
    }

    /** The list that an old block stands for; empty if there is none, or it is not complete. */
    private static Optional<List<Map<String, Object>>> list(Config recipe) {
        if (!recipe.hasPath(TransformList.PATH)
                || recipe.getValue(TransformList.PATH).valueType() != ConfigValueType.OBJECT) {
            return Optional.empty();
        }
        try {
            Config block = recipe.getConfig(TransformList.PATH);
            List<Map<String, Object>> list = new ArrayList<>(crops(block, recipe.getInt("data.image-size")));
            double noise = recipe.hasPath(NOISE_PATH) ? recipe.getDouble(NOISE_PATH) : 0;
            if (!list.isEmpty() && noise != 0) {
                list.add(transform("pca-lighting", "std", noise));
            }
            return list.isEmpty() ? Optional.empty() : Optional.of(list);
        } catch (ConfigException wrong) {
            return Optional.empty();
        }
    }

    private static List<Map<String, Object>> crops(Config block, int side) {
        Map<String, Object> flip = transform("horizontal-flip");
        return switch (block.getString(TransformList.KIND)) {
            case "scale-jitter" -> {
                requireKeys(block, SHORTER_SIDE);
                yield List.of(resize(block), transform("random-crop"), flip);
            }
            case "random-area" -> {
                requireKeys(block, "least-area", "most-aspect");
                double widest = block.getDouble("most-aspect");
                double narrowest = BigDecimal.valueOf(1 / widest).round(DIGITS).doubleValue();
                Map<String, Object> crop =
                        transform("random-resized-crop", "scale", List.of(block.getDouble("least-area"), 1.0));
                crop.put("ratio", List.of(narrowest, widest));
                yield List.of(crop, flip);
            }
            case "pad-and-shift" -> {
                requireKeys(block, "padding");
                Map<String, Object> crop = transform(
                        "random-crop", "padding", block.getValue("padding").unwrapped());
                // Without padding, random-crop alone would take a part of a larger image.
                yield block.getDouble("padding") > 0
                        ? List.of(crop, flip)
                        : List.of(
                                transform("resize", SHORTER_SIDE, side),
                                transform("center-crop"),
                                transform("random-crop"),
                                flip);
            }
            case "centre" -> {
                requireKeys(block, SHORTER_SIDE);
                yield List.of(resize(block), transform("center-crop"));
            }
            default -> List.of();
        };
    }

    private static Map<String, Object> resize(Config block) {
        return transform("resize", SHORTER_SIDE, block.getValue(SHORTER_SIDE).unwrapped());
    }

    /** A block with other keys, or without some, is no old one. */
    private static void requireKeys(Config block, String... keys) {
        Set<String> wanted = new HashSet<>(Set.of(keys));
        wanted.add(TransformList.KIND);
        if (!block.root().keySet().equals(wanted)) {
            throw new ConfigException.Generic("other keys than " + wanted);
        }
    }

    private static Map<String, Object> transform(String kind) {
        Map<String, Object> transform = new LinkedHashMap<>();
        transform.put(TransformList.KIND, kind);
        return transform;
    }

    private static Map<String, Object> transform(String kind, String key, Object value) {
        Map<String, Object> transform = transform(kind);
        transform.put(key, value);
        return transform;
    }

    /** As a person writes it. */
    private static String hocon(List<Map<String, Object>> transforms) {
        return transforms.stream()
                .map(transform -> transform.entrySet().stream()
                        .map(entry -> entry.getKey() + " = "
                                + ConfigValueFactory.fromAnyRef(entry.getValue())
                                        .render(ConfigRenderOptions.concise())
                                        .replace("\"", ""))
                        .collect(Collectors.joining(", ", "{ ", " }")))
                .collect(Collectors.joining(", ", "[ ", " ]"));
    }
}
