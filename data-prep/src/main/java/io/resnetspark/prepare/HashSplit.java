package io.resnetspark.prepare;

import io.resnetspark.common.Seeds;
import io.resnetspark.dataset.Split;
import io.resnetspark.source.InputUnit;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Assigns new images to validation if the corpus does not define the split. Each class gets as many as bring it, with
 * the existing images, to one in ten; those with the smallest hashes. Existing images keep their split when others are
 * added. The result depends only on names and counts, not on the partitioning. (Hashing each image independently would
 * leave one in five classes of 15 images without any.)
 *
 * @param bounds by class, the hash of the last validation image; classes that have enough are absent
 */
record HashSplit(TreeMap<Integer, Long> bounds) implements Serializable {
    private static final int ONE_IN = 10;

    /** A class and a hash, ordered by both. */
    private record LabelHash(int label, long hash) implements Comparable<LabelHash>, Serializable {
        @Override
        public int compareTo(LabelHash other) {
            return Comparator.comparingInt(LabelHash::label)
                    .thenComparingLong(LabelHash::hash)
                    .compare(this, other);
        }
    }

    /**
     * Finds the bounds without collecting all names.
     *
     * @param assigned images whose split is known
     */
    static HashSplit of(JavaRDD<InputUnit.UnassignedImage> unassigned, ClassCounts assigned) {
        long[] train = assigned.of(Split.TRAIN);
        long[] val = assigned.of(Split.VAL);
        JavaPairRDD<LabelHash, Boolean> places =
                unassigned.mapToPair(image -> new Tuple2<>(new LabelHash(image.label(), hash(image.key())), true));
        Map<Integer, Long> counts = places.mapToPair(place -> new Tuple2<>(place._1.label, 1L))
                .reduceByKey(Long::sum)
                .collectAsMap();
        TreeMap<Integer, Long> wanted = new TreeMap<>();
        counts.forEach((label, count) -> {
            long max = validationCount(train[label] + val[label] + count) - val[label];
            if (max > 0) {
                wanted.put(label, Math.min(max, count));
            }
        });
        if (wanted.isEmpty()) {
            return new HashSplit(wanted);
        }
        int partitions = Math.min(wanted.size(), Math.max(1, places.getNumPartitions()));
        return new HashSplit(new TreeMap<>(places.filter(place -> wanted.containsKey(place._1.label))
                .repartitionAndSortWithinPartitions(new ClassPartitioner(partitions))
                .mapPartitionsToPair(sorted -> bounds(sorted, wanted))
                .collectAsMap()));
    }

    /** Validation images of a class of this size; at least one if there are two, so that both splits have one. */
    static long validationCount(long images) {
        return images < 2 ? 0 : Math.max(1, (images + ONE_IN / 2) / ONE_IN);
    }

    private static Iterator<Tuple2<Integer, Long>> bounds(
            Iterator<Tuple2<LabelHash, Boolean>> sorted, Map<Integer, Long> wanted) {
        List<Tuple2<Integer, Long>> bounds = new ArrayList<>();
        int label = -1;
        long passed = 0;
        while (sorted.hasNext()) {
            LabelHash labelHash = sorted.next()._1;
            passed = labelHash.label == label ? passed + 1 : 1;
            label = labelHash.label;
            if (passed == wanted.get(label)) {
                bounds.add(new Tuple2<>(label, labelHash.hash));
            }
        }
        return bounds.iterator();
    }

    /** Differs from the hash that assigns images to shards; else one split would fill the first shards. */
    private static long hash(String key) {
        return Seeds.hash("split " + key);
    }

    Split of(int label, String key) {
        Long bound = bounds.get(label);
        return bound != null && hash(key) <= bound ? Split.VAL : Split.TRAIN;
    }

    /** Keeps each class in one partition. */
    private static final class ClassPartitioner extends Partitioner {
        private static final long serialVersionUID = 1;

        private final int partitions;

        ClassPartitioner(int partitions) {
            this.partitions = partitions;
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object place) {
            return ((LabelHash) place).label % partitions;
        }
    }
}
