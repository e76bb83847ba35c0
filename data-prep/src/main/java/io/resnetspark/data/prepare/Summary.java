package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What was found in some pictures, mergeable in any order: counts, bytes, sizes, reasons, and training pixels. */
final class Summary implements Serializable {
    private static final long serialVersionUID = 1;

    /** Lower ends of the histogram's bins, in pixels of the shorter side: what the paper's scales are compared with. */
    private static final List<Integer> SIDES = List.of(0, 64, 128, 224, 256, 384, 480, 640, 1024, 2048);

    private static final int SHOWN = 5;

    private final Map<Split, long[]> images = new EnumMap<>(Split.class);
    private final Map<Split, Long> bytes = new EnumMap<>(Split.class);
    private final Map<Split, Long> bad = new EnumMap<>(Split.class);
    private final TreeMap<Integer, Long> shorterSides = new TreeMap<>();
    private final TreeMap<String, Integer> reasons = new TreeMap<>();
    private final TreeMap<String, String> someBad = new TreeMap<>();
    private final PixelSums pixels;

    Summary(int classes, int side) {
        for (Split split : Split.values()) {
            images.put(split, new long[classes]);
        }
        pixels = new PixelSums(side);
    }

    /** Counts a picture; of training pictures, also the pixels. */
    void add(Inspection inspection) {
        Checked checked = inspection.checked();
        if (!checked.isGood()) {
            addBad(checked.split(), checked.example().key(), checked.reason());
            return;
        }
        images.get(checked.split())[checked.example().label()]++;
        bytes.merge(checked.split(), (long) checked.example().bytes().length, Long::sum);
        int shorter = inspection.picture().shorterSide();
        shorterSides.merge(SIDES.stream().filter(side -> side <= shorter).reduce(0, Math::max), 1L, Long::sum);
        if (checked.split() == Split.TRAIN) {
            pixels.add(inspection.picture(), inspection.samples());
        }
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
        images.get(split)[label]--;
        addBad(split, key, reason);
    }

    /** What stands before the details: "damaged: ..." of a hundred kinds is one row in a table. */
    private static String category(String reason) {
        return reason.replaceFirst(":.*", "").replaceFirst("^\\d+x\\d+ pixels", "pixels");
    }

    Summary merge(Summary other) {
        other.images.forEach((split, counts) -> {
            for (int label = 0; label < counts.length; label++) {
                images.get(split)[label] += counts[label];
            }
        });
        other.bytes.forEach((split, n) -> bytes.merge(split, n, Long::sum));
        other.bad.forEach((split, n) -> bad.merge(split, n, Long::sum));
        other.shorterSides.forEach((side, n) -> shorterSides.merge(side, n, Long::sum));
        other.reasons.forEach((reason, n) -> reasons.merge(reason, n, Integer::sum));
        someBad.putAll(other.someBad);
        while (someBad.size() > SHOWN) {
            someBad.pollLastEntry();
        }
        pixels.merge(other.pixels);
        return this;
    }

    /** Pictures of each class. */
    long[] perClass(Split split) {
        return images.get(split);
    }

    long images(Split split) {
        return LongStream.of(images.get(split)).sum();
    }

    long bytes(Split split) {
        return bytes.getOrDefault(split, 0L);
    }

    /** Good and bad ones. */
    long found(Split split) {
        return images(split) + bad.getOrDefault(split, 0L);
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

    /** Good pictures by the lower end of their bin, in pixels of the shorter side as found. */
    Map<Integer, Long> shorterSides() {
        return shorterSides;
    }

    PixelSums pixels() {
        return pixels;
    }
}
