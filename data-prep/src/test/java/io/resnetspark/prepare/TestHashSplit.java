package io.resnetspark.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.Split;
import io.resnetspark.source.InputUnit.UnassignedImage;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TestHashSplit {
    private static final String LONG = "a folder of photographs from the summer holidays/".repeat(80);
    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = SyntheticCorpora.spark("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private static List<UnassignedImage> images(int classes, int from, int to) {
        List<UnassignedImage> all = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            for (int i = from; i < to; i++) {
                all.add(new UnassignedImage(LONG + label + "/" + i + ".jpg", label));
            }
        }
        return all;
    }

    /** Counts per class, of train and validation. */
    private static long[][] counts(int classes, List<UnassignedImage> images, HashSplit split) {
        long[][] counts = new long[2][classes];
        images.forEach(image -> counts[split.of(image.label(), image.key()) == Split.VAL ? 1 : 0][image.label()]++);
        return counts;
    }

    private static HashSplit split(List<UnassignedImage> images, int partitions, long[] train, long[] val) {
        ClassCounts taken = new ClassCounts(train.length);
        for (int label = 0; label < train.length; label++) {
            taken.add(Split.TRAIN, label, train[label]);
            taken.add(Split.VAL, label, val[label]);
        }
        return HashSplit.of(spark.parallelize(images, partitions), taken);
    }

    @Test
    void splitIsOneInTenPerClassForAnyPartitioning() {
        List<UnassignedImage> images = images(40, 0, 15);
        HashSplit split = split(images, 3, new long[40], new long[40]);
        assertThat(split).isEqualTo(split(images, 1, new long[40], new long[40]));
        assertThat(counts(40, images, split)[1]).containsOnly(2);
        assertThat(HashSplit.validationCount(0)).isZero();
        assertThat(HashSplit.validationCount(1)).isZero();
        assertThat(HashSplit.validationCount(2)).isOne();
        assertThat(HashSplit.validationCount(14)).isOne();
        assertThat(HashSplit.validationCount(1_000_000)).isEqualTo(100_000);
    }

    /**
     * New images fill up the validation images of a class; if it has enough, as under an earlier rule, all new ones are
     * for training.
     */
    @Test
    void newImagesBringEachClassToOneInTen() {
        List<UnassignedImage> later = images(3, 100, 130);
        HashSplit split = split(later, 2, new long[] {10, 8, 70}, new long[] {0, 12, 0});
        assertThat(counts(3, later, split)[1]).containsExactly(4, 0, 10);
        HashSplit more = split(images(1, 0, 1), 1, new long[] {1000}, new long[] {0});
        assertThat(counts(1, images(1, 0, 1), more)[1]).containsExactly(1);
    }

    /** They are a random sample, neither the first names nor the last. */
    @Test
    void validationImagesAreARandomSample() {
        List<UnassignedImage> images = images(1, 0, 2000);
        HashSplit split = split(images, 2, new long[1], new long[1]);
        double mean = images.stream()
                .filter(image -> split.of(0, image.key()) == Split.VAL)
                .mapToInt(image -> Integer.parseInt(image.key().replaceAll(".*/|\\.jpg", "")))
                .average()
                .orElseThrow();
        // 200 of 2000 without replacement: a standard deviation of 577 / sqrt(200) = 39 about 1000, times 3.3.
        assertThat(mean).isBetween(870.0, 1130.0);
    }
}
