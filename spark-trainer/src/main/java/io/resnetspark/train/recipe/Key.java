package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A key of a recipe or a plan, for its reference page. The reader's own calls of {@link Section} say what it may be; its
 * default and its meaning stand in the file of defaults.
 *
 * @param path with the names of its blocks, as learning-rate.initial
 * @param allowed values, in words
 * @param conditions under which it is read, as "learning-rate.kind = cosine"; none if always
 * @param defaultValue as it is written; empty if there is none
 * @param meaning its comment in the file of defaults; empty if it has none
 */
public record Key(String path, String allowed, List<String> conditions, Optional<String> defaultValue, String meaning) {

    /** A key is shown once for each thing that it may be. */
    private record Asked(String path, String allowed) {}

    /**
     * One reading.
     *
     * @param choice that was varied for it, and the option that it got; empty in the first
     * @param asked what the reader asked for
     */
    private record Reading(String choice, String option, Config config, Map<String, Problems.Form> asked) {
        static Reading of(String choice, String option, Config config, BiConsumer<Config, Problems> reader) {
            Problems problems = new Problems();
            reader.accept(config, problems);
            return new Reading(choice, option, config, problems.known());
        }

        boolean has(Asked key) {
            return asked.containsKey(key.path) && asked.get(key.path).allowed().equals(key.allowed);
        }

        Stream<Reading> withEachOption(String path, BiConsumer<Config, Problems> reader) {
            return asked.get(path).options().stream()
                    .map(option ->
                            of(path, option, config.withValue(path, ConfigValueFactory.fromAnyRef(option)), reader));
        }
    }

    /**
     * Finds all keys, in the order of the file of defaults: reads the defaults alone, and again with every option of every
     * choice.
     *
     * @param defaults with comments; a key without a default is null there
     * @param reader that asks a {@link Section} of the config for keys
     */
    public static List<Key> all(Config defaults, BiConsumer<Config, Problems> reader) {
        List<Reading> readings = readings(Hocon.withoutNulls(defaults), reader);
        Set<Asked> keys = new LinkedHashSet<>();
        readings.forEach(reading -> reading.asked.forEach((path, form) -> keys.add(new Asked(path, form.allowed()))));
        return keys.stream()
                .map(key -> of(key, conditions(key, readings), value(defaults, key.path)))
                .sorted(Comparator.comparingInt(key -> line(value(defaults, key.path))))
                .toList();
    }

    private static List<Reading> readings(Config defaults, BiConsumer<Config, Problems> reader) {
        List<Reading> readings = new ArrayList<>();
        Set<String> varied = new HashSet<>();
        Deque<Reading> next = new ArrayDeque<>(List.of(Reading.of("", "", defaults, reader)));
        while (!next.isEmpty()) {
            Reading reading = next.remove();
            readings.add(reading);
            for (String path : reading.asked.keySet()) {
                if (varied.add(path)) {
                    reading.withEachOption(path, reader).forEach(next::add);
                }
            }
        }
        return readings;
    }

    /** The options that it comes with, of each choice that it does not come with all options of. */
    private static List<String> conditions(Asked key, List<Reading> readings) {
        Map<String, List<Reading>> byChoice = readings.stream()
                .skip(1)
                .collect(Collectors.groupingBy(Reading::choice, LinkedHashMap::new, Collectors.toList()));
        List<String> conditions = new ArrayList<>();
        byChoice.forEach((choice, each) -> {
            List<String> with = each.stream()
                    .filter(reading -> reading.has(key))
                    .map(Reading::option)
                    .toList();
            if (!with.isEmpty() && with.size() < each.size()) {
                conditions.add(choice + " = " + String.join(" or ", with));
            }
        });
        return conditions;
    }

    private static Key of(Asked key, List<String> conditions, Optional<ConfigValue> value) {
        return new Key(
                key.path,
                key.allowed,
                conditions,
                value.flatMap(Key::shown),
                value.map(found -> String.join(" ", trimmed(found.origin().comments())))
                        .orElse(""));
    }

    /** A word without quotation marks; nothing of a block but that it is empty. */
    private static Optional<String> shown(ConfigValue value) {
        return switch (value.valueType()) {
            case NULL -> Optional.empty();
            case STRING ->
                Optional.of(
                        value.unwrapped().equals("")
                                ? "\"\""
                                : value.unwrapped().toString());
            case OBJECT -> ((ConfigObject) value).isEmpty() ? Optional.of("{}") : Optional.empty();
            default -> Optional.of(value.render());
        };
    }

    private static List<String> trimmed(List<String> lines) {
        return lines.stream().map(String::strip).toList();
    }

    private static int line(Optional<ConfigValue> value) {
        return value.map(ConfigValue::origin).map(ConfigOrigin::lineNumber).orElse(Integer.MAX_VALUE);
    }

    /** Also of a key that is null, which {@link Config#hasPath} denies. */
    private static Optional<ConfigValue> value(Config config, String path) {
        ConfigValue value = config.root();
        for (String name : ConfigUtil.splitPath(path)) {
            value = value instanceof ConfigObject block ? block.get(name) : null;
        }
        return Optional.ofNullable(value);
    }
}
