package io.resnetspark.data.prepare;

import io.resnetspark.data.Seeds;
import io.resnetspark.data.Split;
import io.resnetspark.data.source.Unit;
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
 * Which new pictures are for validation where the corpus does not say so. Of each class it is as many as bring the class,
 * with what the dataset has of it, to one in ten; those whose hash comes first. Pictures in the dataset stay where they
 * are, so none ever changes its split when others come. It follows from the names and counts alone, whatever the
 * partitioning. (Hashing each picture by itself would leave one class of 15 pictures in five without any.)
 *
 * @param bounds by class, the hash of the last one for validation; classes that have enough are not there
 */
record HashSplit(TreeMap<Integer, Long> bounds) implements Serializable {
    private static final int ONE_IN = 10;

    /** A class and a hash in it, in that order. */
    private record Place(int label, long hash) implements Comparable<Place>, Serializable {
        @Override
        public int compareTo(Place other) {
            return Comparator.comparingInt(Place::label)
                    .thenComparingLong(Place::hash)
                    .compare(this, other);
        }
    }

    /**
     * Finds the bounds; never all names in one place.
     *
     * @param taken pictures whose split is known
     */
    static HashSplit of(JavaRDD<Unit.Undecided> fresh, ClassCounts taken) {
        long[] train = taken.of(Split.TRAIN);
        long[] val = taken.of(Split.VAL);
        JavaPairRDD<Place, Boolean> places =
                fresh.mapToPair(picture -> new Tuple2<>(new Place(picture.label(), hash(picture.key())), true));
        Map<Integer, Long> counts = places.mapToPair(place -> new Tuple2<>(place._1.label, 1L))
                .reduceByKey(Long::sum)
                .collectAsMap();
        TreeMap<Integer, Long> wanted = new TreeMap<>();
        counts.forEach((label, count) -> {
            long most = forValidation(train[label] + val[label] + count) - val[label];
            if (most > 0) {
                wanted.put(label, Math.min(most, count));
            }
        });
        if (wanted.isEmpty()) {
            return new HashSplit(wanted);
        }
        int partitions = Math.min(wanted.size(), Math.max(1, places.getNumPartitions()));
        return new HashSplit(new TreeMap<>(places.filter(place -> wanted.containsKey(place._1.label))
                .repartitionAndSortWithinPartitions(new ByClass(partitions))
                .mapPartitionsToPair(sorted -> bounds(sorted, wanted))
                .collectAsMap()));
    }

    /** Of a class of so many: at least one if there are two, so that something is validated on and something trained on. */
    static long forValidation(long images) {
        return images < 2 ? 0 : Math.max(1, (images + ONE_IN / 2) / ONE_IN);
    }

    private static Iterator<Tuple2<Integer, Long>> bounds(
            Iterator<Tuple2<Place, Boolean>> sorted, Map<Integer, Long> wanted) {
        List<Tuple2<Integer, Long>> bounds = new ArrayList<>();
        int label = -1;
        long passed = 0;
        while (sorted.hasNext()) {
            Place place = sorted.next()._1;
            passed = place.label == label ? passed + 1 : 1;
            label = place.label;
            if (passed == wanted.get(label)) {
                bounds.add(new Tuple2<>(label, place.hash));
            }
        }
        return bounds.iterator();
    }

    /** Not the hash that places pictures in shards: all of one split would come into the first ones. */
    private static long hash(String key) {
        return Seeds.hash("split " + key);
    }

    Split of(int label, String key) {
        Long bound = bounds.get(label);
        return bound != null && hash(key) <= bound ? Split.VAL : Split.TRAIN;
    }

    /** All of a class in one partition. */
    private static final class ByClass extends Partitioner {
        private static final long serialVersionUID = 1;

        private final int partitions;

        ByClass(int partitions) {
            this.partitions = partitions;
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object place) {
            return ((Place) place).label % partitions;
        }
    }
}
