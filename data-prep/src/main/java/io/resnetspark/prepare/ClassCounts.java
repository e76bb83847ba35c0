package io.resnetspark.prepare;

import io.resnetspark.dataset.Split;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** The number of images per class and split. */
final class ClassCounts implements Serializable {
    private static final long serialVersionUID = 1;

    private final Map<Split, long[]> counts = new EnumMap<>(Split.class);

    ClassCounts(int classes) {
        for (Split split : Split.values()) {
            counts.put(split, new long[classes]);
        }
    }

    /** A class in a split. */
    record SplitLabel(Split split, int label) implements Serializable {}

    static ClassCounts of(JavaRDD<SplitLabel> images, int classes) {
        ClassCounts all = new ClassCounts(classes);
        // Keyed by name: an enum's hash differs between JVMs.
        images.mapToPair(splitLabel -> new Tuple2<>(new Tuple2<>(splitLabel.split.folder(), splitLabel.label), 1L))
                .reduceByKey(Long::sum)
                .collect()
                .forEach(count -> all.add(Split.named(count._1._1), count._1._2, count._2));
        return all;
    }

    void add(Split split, int label, long count) {
        counts.get(split)[label] += count;
    }

    ClassCounts merge(ClassCounts other) {
        other.counts.forEach((split, more) -> {
            for (int label = 0; label < more.length; label++) {
                add(split, label, more[label]);
            }
        });
        return this;
    }

    long[] of(Split split) {
        return counts.get(split);
    }

    List<Long> list(Split split) {
        return LongStream.of(of(split)).boxed().toList();
    }

    long total(Split split) {
        return LongStream.of(of(split)).sum();
    }

    long total() {
        return counts.keySet().stream().mapToLong(this::total).sum();
    }
}
