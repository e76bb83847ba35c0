package io.resnetspark.prepare;

import io.resnetspark.common.Seeds;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.source.InputUnit;
import io.resnetspark.source.Source;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.GzipCodec;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/** The units in a corpus, listed by executors, and which of them a dataset already contains. */
final class Inventory implements AutoCloseable {
    private final List<JavaRDD<?>> persisted = new ArrayList<>();
    private final JavaRDD<InputUnit> all;
    private JavaRDD<InputUnit> unchanged;
    private final long removedOrChanged;
    private JavaRDD<InputUnit> newUnits;
    private Totals totals;

    /** Sums over units. The fingerprint is equal for two listings of the same units, in any order. */
    record Totals(long units, long images, long bytes, long fingerprint) implements Serializable {
        static final Totals NONE = new Totals(0, 0, 0, 0);

        static Totals of(JavaRDD<InputUnit> units) {
            return units.aggregate(NONE, Totals::add, Totals::merge);
        }

        private Totals add(InputUnit unit) {
            return new Totals(
                    units + 1,
                    images + unit.estimatedImages(),
                    bytes + unit.length(),
                    fingerprint + Seeds.hash(indexLine(unit)));
        }

        private Totals merge(Totals other) {
            return new Totals(
                    units + other.units, images + other.images, bytes + other.bytes, fingerprint + other.fingerprint);
        }
    }

    /**
     * A line of the index joined with the listed unit of the same id; either may be null.
     *
     * @param isUnchanged whether it is as it was, and so is the outcome of its check
     */
    private record IndexedUnit(String line, InputUnit unit, boolean isUnchanged) implements Serializable {
        static IndexedUnit of(Tuple2<Iterable<String>, Iterable<InputUnit>> joined, QuarantineRecheck recheck) {
            String line = first(joined._1);
            InputUnit unit = first(joined._2); // a list may name an image twice
            return new IndexedUnit(
                    line, unit, unit != null && Inventory.indexLine(unit).equals(line) && recheck.hasSameOutcome(unit));
        }

        private static <T> T first(Iterable<T> all) {
            Iterator<T> iterator = all.iterator();
            return iterator.hasNext() ? iterator.next() : null;
        }

        boolean isRemovedOrChanged() {
            return line != null && !isUnchanged;
        }
    }

    /** An inventory in which every unit is new. */
    Inventory(JavaSparkContext spark, Source source) {
        all = list(spark, source);
        unchanged = spark.emptyRDD();
        removedOrChanged = 0;
        setNewUnits(all.filter(unit -> !unit.isSkipped()));
    }

    /**
     * An inventory of the changes since a dataset was made. The images of an archive are not indexed one by one, so if
     * an archive was removed or changed, all units are new.
     *
     * @param recheck of quarantined images; one that has another outcome now counts as changed
     */
    Inventory(JavaSparkContext spark, Source source, Path dataset, List<String> runs, QuarantineRecheck recheck) {
        all = list(spark, source);
        JavaRDD<InputUnit> listed = all.filter(unit -> !unit.isSkipped());
        JavaPairRDD<String, String> lines = runs.stream()
                .map(run -> TextFiles.linesInFolder(spark, new Path(dataset, Dataset.INDEX + "/" + run)))
                .reduce(spark.emptyRDD(), JavaRDD::union)
                .mapToPair(line -> new Tuple2<>(line.replaceFirst("^[^\t]*\t[^\t]*\t", ""), line));
        JavaRDD<IndexedUnit> joined =
                persisted(lines.cogroup(listed.mapToPair(unit -> new Tuple2<>(escaped(unit.id()), unit)))
                        .values()
                        .map(both -> IndexedUnit.of(both, recheck)));
        boolean hasArchives = !listed.filter(unit -> unit.key() == null).isEmpty();
        removedOrChanged = joined.filter(IndexedUnit::isRemovedOrChanged).count()
                + (hasArchives ? recheck.copiesWithinLimits(spark) : 0);
        if (removedOrChanged > 0 && hasArchives) {
            unchanged = spark.emptyRDD();
            setNewUnits(listed);
        } else {
            unchanged = joined.filter(IndexedUnit::isUnchanged).map(IndexedUnit::unit);
            setNewUnits(joined.filter(each -> each.unit != null && !each.isUnchanged)
                    .map(IndexedUnit::unit));
        }
    }

    private JavaRDD<InputUnit> list(JavaSparkContext spark, Source source) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Source.Listing> listings = source.listings();
        return persisted(spark.parallelize(listings, listings.size()).flatMap(listing -> listing.units(conf.value())));
    }

    private <T> JavaRDD<T> persisted(JavaRDD<T> rdd) {
        persisted.add(rdd);
        return rdd.persist(StorageLevel.DISK_ONLY());
    }

    private void setNewUnits(JavaRDD<InputUnit> units) {
        newUnits = persisted(units);
        totals = Totals.of(newUnits);
    }

    /** Treats unchanged images as new, by their escaped keys, so that they are read again. */
    void readAgain(JavaPairRDD<String, Boolean> keys) {
        JavaRDD<Tuple2<InputUnit, Boolean>> split = persisted(unchanged
                .mapToPair(unit -> new Tuple2<>(Utf8.escapeLine(unit.key()), unit))
                .leftOuterJoin(keys.distinct())
                .values()
                .map(unit -> new Tuple2<>(unit._1, unit._2.isPresent())));
        unchanged = split.filter(unit -> !unit._2).map(Tuple2::_1);
        setNewUnits(newUnits.union(split.filter(Tuple2::_2).map(Tuple2::_1)));
    }

    /**
     * Gives new images the split that the image of their key had.
     *
     * @return the number of images assigned
     */
    ClassCounts assignPreviousSplits(JavaPairRDD<String, Split> splits, int classes, Configuration hadoop) {
        SerializableConfiguration conf = new SerializableConfiguration(hadoop);
        JavaPairRDD<String, Tuple2<Tuple2<String, Integer>, Split>> settled = newUnits.flatMapToPair(unit ->
                        each(unit.unassigned(conf.value()))
                                .map(image -> new Tuple2<>(image.key(), new Tuple2<>(unit.id(), image.label())))
                                .iterator())
                .join(splits);
        JavaPairRDD<String, Map<String, Split>> byUnit = settled.mapToPair(
                        image -> new Tuple2<>(image._2._1._1, Map.of(image._1, image._2._2)))
                .reduceByKey(Inventory::union);
        newUnits = persisted(newUnits.mapToPair(unit -> new Tuple2<>(unit.id(), unit))
                .leftOuterJoin(byUnit)
                .values()
                .map(unit -> unit._2.isPresent() ? unit._1.withSplits(unit._2.get()) : unit._1));
        return ClassCounts.of(
                settled.values().map(image -> new ClassCounts.SplitLabel(image._2, image._1._2)), classes);
    }

    private static Map<String, Split> union(Map<String, Split> a, Map<String, Split> b) {
        Map<String, Split> joined = new HashMap<>(a);
        joined.putAll(b);
        return joined;
    }

    private static <T> Stream<T> each(Iterator<T> iterator) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** Units to read. */
    JavaRDD<InputUnit> newUnits() {
        return newUnits;
    }

    Totals totals() {
        return totals;
    }

    /** Units that the dataset already contains. */
    JavaRDD<InputUnit> unchanged() {
        return unchanged;
    }

    /** The number of units that were in the dataset and are now missing or different, or no longer in quarantine. */
    long removedOrChanged() {
        return removedOrChanged;
    }

    /** The fingerprint of all units, new or not. */
    long fingerprint() {
        return Totals.of(all.filter(unit -> !unit.isSkipped())).fingerprint();
    }

    /** Files in the corpus that are not images of it. */
    long skippedFiles() {
        return all.filter(InputUnit::isSkipped).count();
    }

    /** Images without a split, which we assign. */
    JavaRDD<InputUnit.UnassignedImage> unassigned(Configuration hadoop) {
        SerializableConfiguration conf = new SerializableConfiguration(hadoop);
        return newUnits.flatMap(unit -> unit.unassigned(conf.value()));
    }

    /** Writes the index for the next run: all units if any were removed or changed, else the new ones. */
    void writeIndex(Path folder, Configuration conf) throws IOException {
        folder.getFileSystem(conf).delete(folder, true);
        // A lost executor loses its part of the listing; listing it again must give the same units.
        if (!Totals.of(newUnits).equals(totals)) {
            throw new BadInputException("The corpus changed while it was prepared. Run the same command again.");
        }
        JavaRDD<InputUnit> units = removedOrChanged > 0 ? all.filter(unit -> !unit.isSkipped()) : newUnits;
        int files = (int) Math.min(Math.max(1, units.getNumPartitions()), units.count() / 100_000 + 1);
        units.map(Inventory::indexLine).coalesce(files).saveAsTextFile(folder.toString(), GzipCodec.class);
    }

    private static String indexLine(InputUnit unit) {
        return unit.length() + "\t" + unit.modificationTime() + "\t" + escaped(unit.id());
    }

    /** Escapes a name for one line of the index. */
    static String escaped(String name) {
        return name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    @Override
    public void close() {
        persisted.forEach(JavaRDD::unpersist);
    }
}
