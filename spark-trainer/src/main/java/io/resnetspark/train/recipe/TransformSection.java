package io.resnetspark.train.recipe;

import io.resnetspark.input.augment.TransformSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An entry of {@code data.augmentation}, as its provider reads it. */
final class TransformSection implements TransformSettings {
    private final Section section;
    private final int imageSize;
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final List<Key> keys = new ArrayList<>();

    TransformSection(Section section, String kind, int imageSize) {
        this.section = section;
        this.imageSize = imageSize;
        values.put(TransformList.KIND, kind);
    }

    /** What was asked for, with its value: the entry with nothing left out. */
    Map<String, Object> values() {
        return values;
    }

    /** What was asked for, for the reference page. */
    List<Key> keys() {
        return keys;
    }

    @Override
    public int imageSize() {
        return imageSize;
    }

    @Override
    public int integer(String key, int otherwise, int min, int max, String meaning) {
        String allowed = "a whole number from " + limit(min) + " to " + limit(max);
        mayStand(key, allowed, Optional.of(String.valueOf(otherwise)), meaning);
        int value = section.has(key) ? section.integer(key, min, max, allowed) : otherwise;
        values.put(key, value);
        return value;
    }

    @Override
    public double number(String key, double otherwise, double min, double max, String meaning) {
        mayStand(key, "a number from " + min + " to " + max, Optional.of(String.valueOf(otherwise)), meaning);
        double value = section.has(key) ? section.number(key, min, max) : otherwise;
        values.put(key, value);
        return value;
    }

    @Override
    public Range range(String key, Range otherwise, double min, double max, String meaning) {
        String allowed = "two numbers [from, to] within " + min + " and " + max;
        List<Double> usual = List.of(otherwise.from(), otherwise.to());
        mayStand(key, allowed, Optional.of(usual.toString()), meaning);
        List<Double> value = section.has(key) ? section.range(key, min, max, allowed) : usual;
        values.put(key, value);
        return new Range(value.get(0), value.get(1));
    }

    @Override
    public Range integerRange(String key, int min, int max, String meaning) {
        String allowed = "a whole number, or two [from, to], within " + limit(min) + " and " + limit(max);
        mayStand(key, allowed, Optional.empty(), meaning);
        List<Integer> value = section.integerRange(key, min, max, allowed);
        values.put(key, value.get(0).equals(value.get(1)) ? value.get(0) : value);
        return new Range(value.get(0), value.get(1));
    }

    private void mayStand(String key, String allowed, Optional<String> otherwise, String meaning) {
        section.mayStand(key, Problems.Form.of(allowed));
        keys.add(new Key(key, allowed, List.of(), otherwise, meaning));
    }

    /** A limit, by the name of the key whose value it is. */
    private String limit(int value) {
        return value == imageSize ? "image-size (" + value + ")" : String.valueOf(value);
    }
}
