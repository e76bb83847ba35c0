package io.resnetspark.prepare;

import io.resnetspark.dataset.Split;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The results of checking some images, mergeable in any order: counts, bytes, sizes, reasons, and pixel sums of
 * training images.
 */
final class CheckSummary implements Serializable {
    private static final long serialVersionUID = 1;

    private static final int MAX_EXAMPLES = 5;

    private final ClassCounts images;
    private final Map<Split, Long> bytes = new EnumMap<>(Split.class);
    private final Map<Split, Long> bad = new EnumMap<>(Split.class);
    private final TreeMap<String, Integer> reasons = new TreeMap<>();
    private final TreeMap<String, String> badExamples = new TreeMap<>();
    private final StatisticsAccumulator accumulator;

    CheckSummary(int classes, int side) {
        images = new ClassCounts(classes);
        accumulator = new StatisticsAccumulator(side);
    }

    /** Counts an image; for training images, also its pixels. */
    void add(Inspection inspection) {
        CheckedImage checked = inspection.checked();
        if (!checked.isGood()) {
            addBad(checked.split(), checked.example().key(), checked.reason());
            return;
        }
        images.add(checked.split(), checked.example().label(), 1);
        bytes.merge(checked.split(), (long) checked.example().bytes().length, Long::sum);
        accumulator.add(checked.split(), inspection.image(), inspection.decoded());
    }

    private void addBad(Split split, String key, String reason) {
        bad.merge(split, 1L, Long::sum);
        reasons.merge(category(reason), 1, Integer::sum);
        badExamples.put(key, reason);
        while (badExamples.size() > MAX_EXAMPLES) {
            badExamples.pollLastEntry();
        }
    }

    /** Recounts a good image as bad: duplicates are found only after all images are checked. */
    void excludeDuplicate(Split split, int label, String key, String reason) {
        images.add(split, label, -1);
        addBad(split, key, reason);
    }

    /** The part of a reason before the details, so that "damaged: ..." is one row in a table. */
    static String category(String reason) {
        return reason.replaceFirst(":.*", "").replaceFirst("^\\d+x\\d+ pixels", "pixels");
    }

    CheckSummary merge(CheckSummary other) {
        images.merge(other.images);
        other.bytes.forEach((split, n) -> bytes.merge(split, n, Long::sum));
        other.bad.forEach((split, n) -> bad.merge(split, n, Long::sum));
        other.reasons.forEach((reason, n) -> reasons.merge(reason, n, Integer::sum));
        badExamples.putAll(other.badExamples);
        while (badExamples.size() > MAX_EXAMPLES) {
            badExamples.pollLastEntry();
        }
        accumulator.merge(other.accumulator);
        return this;
    }

    /** Good images. */
    ClassCounts images() {
        return images;
    }

    long bytes(Split split) {
        return bytes.getOrDefault(split, 0L);
    }

    /** Good and bad images. */
    long found(Split split) {
        return images.total(split) + bad.getOrDefault(split, 0L);
    }

    long total() {
        return Stream.of(Split.values()).mapToLong(this::found).sum();
    }

    long bad() {
        return bad.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Bad images by category. */
    Map<String, Integer> reasons() {
        return reasons;
    }

    /** A few bad images, with their reasons. */
    Map<String, String> badExamples() {
        return badExamples;
    }

    StatisticsAccumulator measures() {
        return accumulator;
    }
}
