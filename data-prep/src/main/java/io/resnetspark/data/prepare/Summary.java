package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What was found in some pictures, mergeable in any order: counts, bytes, sizes, reasons, and training pixels. */
final class Summary implements Serializable {
    private static final long serialVersionUID = 1;

    private static final int SHOWN = 5;

    private final ClassCounts images;
    private final Map<Split, Long> bytes = new EnumMap<>(Split.class);
    private final Map<Split, Long> bad = new EnumMap<>(Split.class);
    private final TreeMap<String, Integer> reasons = new TreeMap<>();
    private final TreeMap<String, String> someBad = new TreeMap<>();
    private final Measures measures;

    Summary(int classes, int side) {
        images = new ClassCounts(classes);
        measures = new Measures(side);
    }

    /** Counts a picture; of training pictures, also the pixels. */
    void add(Inspection inspection) {
        Checked checked = inspection.checked();
        if (!checked.isGood()) {
            addBad(checked.split(), checked.example().key(), checked.reason());
            return;
        }
        images.add(checked.split(), checked.example().label(), 1);
        bytes.merge(checked.split(), (long) checked.example().bytes().length, Long::sum);
        measures.add(checked.split(), inspection.picture(), inspection.samples());
    }

    private void addBad(Split split, String key, String reason) {
        bad.merge(split, 1L, Long::sum);
        reasons.merge(category(reason), 1, Integer::sum);
        someBad.put(key, reason);
        while (someBad.size() > SHOWN) {
            someBad.pollLastEntry();
        }
    }

    /** Takes back what was counted as good: a double, which is found only when all are seen. */
    void withdraw(Split split, int label, String key, String reason) {
        images.add(split, label, -1);
        addBad(split, key, reason);
    }

    /** What stands before the details: "damaged: ..." of a hundred kinds is one row in a table. */
    static String category(String reason) {
        return reason.replaceFirst(":.*", "").replaceFirst("^\\d+x\\d+ pixels", "pixels");
    }

    Summary merge(Summary other) {
        images.merge(other.images);
        other.bytes.forEach((split, n) -> bytes.merge(split, n, Long::sum));
        other.bad.forEach((split, n) -> bad.merge(split, n, Long::sum));
        other.reasons.forEach((reason, n) -> reasons.merge(reason, n, Integer::sum));
        someBad.putAll(other.someBad);
        while (someBad.size() > SHOWN) {
            someBad.pollLastEntry();
        }
        measures.merge(other.measures);
        return this;
    }

    /** Good pictures. */
    ClassCounts images() {
        return images;
    }

    long bytes(Split split) {
        return bytes.getOrDefault(split, 0L);
    }

    /** Good and bad ones. */
    long found(Split split) {
        return images.total(split) + bad.getOrDefault(split, 0L);
    }

    long all() {
        return Stream.of(Split.values()).mapToLong(this::found).sum();
    }

    long bad() {
        return bad.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Bad pictures by kind. */
    Map<String, Integer> reasons() {
        return reasons;
    }

    /** The first few bad pictures, and what is wrong with each. */
    Map<String, String> someBad() {
        return someBad;
    }

    Measures measures() {
        return measures;
    }
}
