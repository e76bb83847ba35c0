package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * One block of a recipe or a plan, read strictly: every key that is asked for must be there and in range, and every key that is
 * there must have been asked for. Problems are collected; whoever asks gets an allowed value and goes on.
 */
public final class Section {
    /** With this the library begins to tell where a block comes from that stands in more than one file. */
    private static final String MERGED = "merge of ";

    private static final String HIDDEN = "(not shown)";
    private static final String BLOCK = "a block { ... }";

    private final Config config;
    private final String prefix;
    private final Problems problems;
    private final Set<String> known = new LinkedHashSet<>();
    /** Whether values may be shown. */
    private final boolean open;
    /** File and line, as far as they are known. */
    private final String place;

    public Section(Config config, String prefix, Problems problems) {
        this(config, prefix, problems, true, at(config.origin()));
    }

    private Section(Config config, String prefix, Problems problems, boolean open, String place) {
        this.open = open;
        this.place = place;
        this.config = config;
        this.prefix = prefix;
        this.problems = problems;
    }

    public Section section(String key) {
        Config inner = read(key, BLOCK, config::getConfig, com.typesafe.config.ConfigFactory.empty());
        return new Section(inner, prefix + key + ".", problems, open, placeOf(inner));
    }

    /** The blocks of a list. */
    List<Section> sections(String key, String allowed) {
        List<? extends Config> blocks = read(key, allowed, config::getConfigList, List.<Config>of());
        return blocks.stream()
                .map(block -> new Section(block, prefix + key + ".", problems, open, placeOf(block)))
                .toList();
    }

    /** Whether somebody wrote a key that may be left out. */
    boolean has(String key) {
        return config.hasPath(key);
    }

    /** A block whose values may be secret: no message shows one. */
    public Section secretSection(String key) {
        mayStand(key, Problems.Form.of(BLOCK));
        Config inner = com.typesafe.config.ConfigFactory.empty();
        try {
            inner = config.getConfig(key);
        } catch (ConfigException wrong) {
            problems.add(place + ": " + prefix + key + " = " + HIDDEN + "; allowed is " + BLOCK);
        }
        return new Section(inner, prefix + key + ".", problems, false, placeOf(inner));
    }

    public int integer(String key, int min, int max) {
        return integer(key, min, max, "a whole number from " + min + " to " + max);
    }

    /** The same, where a limit is another key's value: says so. */
    int integer(String key, int min, int max, String allowed) {
        return inRange(key, read(key, allowed, this::whole, (long) min), (long) min, (long) max, allowed)
                .intValue();
    }

    public long integer(String key) {
        return read(key, "a whole number", this::whole, 0L);
    }

    /** The library would cut 64.7 down to 64 without a word. */
    private long whole(String key) {
        double number = config.getDouble(key);
        if (number != Math.rint(number)) {
            throw new ConfigException.BadValue(key, "not whole");
        }
        return config.getLong(key);
    }

    public double number(String key, double min, double max) {
        String allowed = "a number from " + min + " to " + max;
        return inRange(key, read(key, allowed, config::getDouble, min), min, max, allowed);
    }

    public String text(String key) {
        return read(key, "a word", config::getString, "");
    }

    /** A path or a URI, see {@link Locations}; no message shows one with a password. */
    public String place(String key) {
        String value = text(key);
        try {
            Locations.refusePassword(value);
            return value;
        } catch (BadInputException secret) {
            problems.add(at(config.root().get(key).origin()) + ": " + prefix + key + ": " + secret.getMessage());
            return "";
        }
    }

    public String choice(String key, String... options) {
        String allowed = "one of " + String.join(", ", options);
        String value = read(key, new Problems.Form(allowed, List.of(options)), config::getString, options[0]);
        if (!List.of(options).contains(value)) {
            problem(key, value, allowed);
            return options[0];
        }
        return value;
    }

    /** A constant of an enum, in small letters: EVERY_CLASS is every-class. */
    public <E extends Enum<E>> E choice(String key, Class<E> type) {
        E[] constants = type.getEnumConstants();
        String[] options = Stream.of(constants).map(Section::lower).toArray(String[]::new);
        return constants[List.of(options).indexOf(choice(key, options))];
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public boolean flag(String key) {
        return read(key, "true or false", config::getBoolean, false);
    }

    public List<String> texts(String key) {
        return read(key, "a list of words [a, b, ...]", config::getStringList, List.of());
    }

    /** Two numbers, the second no smaller than the first. */
    List<Double> range(String key, double min, double max, String allowed) {
        List<Double> values = read(key, allowed, config::getDoubleList, List.of(min, max));
        boolean fits =
                values.size() == 2 && values.get(0) >= min && values.get(1) <= max && values.get(0) <= values.get(1);
        if (!fits) {
            problem(key, config.root().get(key).unwrapped(), allowed);
            return List.of(min, max);
        }
        return values;
    }

    /** One whole number, which counts as two, or two of which the second is no smaller than the first. */
    List<Integer> integerRange(String key, int min, int max, String allowed) {
        if (has(key) && config.getValue(key).valueType() != ConfigValueType.LIST) {
            int value = integer(key, min, max, allowed);
            return List.of(value, value);
        }
        List<Double> values = range(key, min, max, allowed);
        if (!values.stream().allMatch(value -> value == Math.rint(value))) {
            problem(key, values, allowed);
            return List.of(min, max);
        }
        return values.stream().map(Double::intValue).toList();
    }

    /** Rising numbers, at least one. */
    List<Double> rising(String key) {
        String allowed = "rising numbers [a, b, ...]";
        List<Double> values = read(key, allowed, config::getDoubleList, List.of(1.0));
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        if (values.isEmpty() || !sorted.equals(values)) {
            problem(key, values, allowed);
            return List.of(1.0);
        }
        return values;
    }

    /**
     * For a key that has a default and no effect here: another value is a problem.
     *
     * @param where it has an effect
     */
    void refuseUnlessDefault(String key, double defaultValue, String where) {
        known.add(key);
        if (config.hasPath(key)
                && !Double.valueOf(defaultValue).equals(orElse(key, "a number", () -> config.getDouble(key), 0.0))) {
            problem(key, config.getValue(key).unwrapped(), "another value than " + defaultValue + " only " + where);
        }
    }

    /** Says of every key that nobody asked for that there is none of this name. */
    public void refuseUnknown() {
        config.root().forEach((key, value) -> {
            if (!known.contains(key)) {
                problems.unknown(at(value.origin()), prefix + key, List.copyOf(known));
            }
        });
    }

    void mayStand(String key, Problems.Form form) {
        known.add(key);
        problems.known(prefix + key, form);
    }

    /** Says that a value is right by itself, but not with the others. */
    public void problem(String key, Object value, String allowed) {
        ConfigValue found = config.root().get(key);
        problems.add((found == null ? place : at(found.origin())) + ": " + prefix + key + " = "
                + (open ? value : HIDDEN) + "; allowed is " + allowed);
    }

    private <T extends Comparable<T>> T inRange(String key, T value, T min, T max, String allowed) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            problem(key, value, allowed);
            return min;
        }
        return value;
    }

    private <T> T read(String key, String allowed, java.util.function.Function<String, T> getter, T otherwise) {
        return read(key, Problems.Form.of(allowed), getter, otherwise);
    }

    private <T> T read(String key, Problems.Form form, java.util.function.Function<String, T> getter, T otherwise) {
        mayStand(key, form);
        return orElse(key, form.allowed(), () -> getter.apply(key), otherwise);
    }

    private <T> T orElse(String key, String allowed, Supplier<T> value, T otherwise) {
        try {
            return value.get();
        } catch (ConfigException.Missing missing) {
            problems.add(place + ": the key '" + prefix + key + "' is missing; it is " + allowed);
        } catch (ConfigException.WrongType | ConfigException.BadValue wrong) {
            problem(key, config.root().get(key).unwrapped(), allowed);
        }
        return otherwise;
    }

    /** Of a block that only the defaults have, that of the block around it, which a person can fix. */
    private String placeOf(Config inner) {
        boolean isOurs = inner.origin().resource() != null || inner.isEmpty();
        return isOurs ? place : at(inner.origin());
    }

    static String at(ConfigOrigin origin) {
        if (origin.description().startsWith(MERGED)) { // with the defaults
            return origin.description()
                    .substring(MERGED.length())
                    .replaceFirst(",.*", "")
                    .replaceFirst(": (\\d+)$", ":$1");
        }
        return origin.lineNumber() < 0 ? origin.description() : source(origin) + ":" + origin.lineNumber();
    }

    private static String source(ConfigOrigin origin) {
        return origin.filename() == null ? origin.description().replaceFirst(": \\d+.*", "") : origin.filename();
    }
}
