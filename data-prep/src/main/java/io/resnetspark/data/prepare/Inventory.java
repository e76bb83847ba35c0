package io.resnetspark.data.prepare;

import io.resnetspark.data.Seeds;
import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.source.Source;
import io.resnetspark.data.source.Unit;
import io.resnetspark.storage.BadInputException;
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

/** What a corpus holds now, listed by executors, and what of it a dataset has already. */
final class Inventory implements AutoCloseable {
    private final List<JavaRDD<?>> persisted = new ArrayList<>();
    private final JavaRDD<Unit> all;
    private JavaRDD<Unit> known;
    private final long lost;
    private JavaRDD<Unit> fresh;
    private Totals totals;

    /** Sums over units. The fingerprint tells whether two listings are of the same units, in any order. */
    record Totals(long units, long pictures, long bytes, long fingerprint) implements Serializable {
        static final Totals NONE = new Totals(0, 0, 0, 0);

        static Totals of(JavaRDD<Unit> units) {
            return units.aggregate(NONE, Totals::add, Totals::merge);
        }

        private Totals add(Unit unit) {
            return new Totals(
                    units + 1, pictures + unit.pictures(), bytes + unit.length(), fingerprint + Seeds.hash(line(unit)));
        }

        private Totals merge(Totals other) {
            return new Totals(
                    units + other.units,
                    pictures + other.pictures,
                    bytes + other.bytes,
                    fingerprint + other.fingerprint);
        }
    }

    /** What a line of the index and a listing say of the same unit. */
    private record Both(String line, Unit unit) implements Serializable {
        static Both of(Tuple2<Iterable<String>, Iterable<Unit>> both) {
            return new Both(first(both._1), first(both._2)); // a list may name a picture twice
        }

        private static <T> T first(Iterable<T> all) {
            Iterator<T> iterator = all.iterator();
            return iterator.hasNext() ? iterator.next() : null;
        }

        boolean isKnown() {
            return unit != null && Inventory.line(unit).equals(line);
        }

        boolean isLost() {
            return line != null && !isKnown();
        }
    }

    /** Everything in the corpus is new. */
    Inventory(JavaSparkContext spark, Source source) {
        all = list(spark, source);
        known = spark.emptyRDD();
        lost = 0;
        setFresh(all.filter(unit -> !unit.isSkipped()));
    }

    /**
     * What came, went or changed since a dataset was made. Of archives nobody knows which pictures came of them: where one
     * went or changed, all is new.
     */
    Inventory(JavaSparkContext spark, Source source, Path dataset, List<String> runs) {
        all = list(spark, source);
        JavaRDD<Unit> listed = all.filter(unit -> !unit.isSkipped());
        JavaPairRDD<String, String> lines = runs.stream()
                .map(run -> spark.textFile(new Path(dataset, Dataset.INDEX + "/" + run).toString()))
                .reduce(spark.emptyRDD(), JavaRDD::union)
                .mapToPair(line -> new Tuple2<>(line.replaceFirst("^[^\t]*\t[^\t]*\t", ""), line));
        JavaRDD<Both> both = persisted(lines.cogroup(listed.mapToPair(unit -> new Tuple2<>(escaped(unit.id()), unit)))
                .values()
                .map(Both::of));
        lost = both.filter(Both::isLost).count();
        if (lost > 0 && !listed.filter(unit -> unit.key() == null).isEmpty()) {
            known = spark.emptyRDD();
            setFresh(listed);
        } else {
            known = both.filter(Both::isKnown).map(Both::unit);
            setFresh(both.filter(each -> each.unit != null && !each.isKnown()).map(Both::unit));
        }
    }

    private JavaRDD<Unit> list(JavaSparkContext spark, Source source) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Source.Listing> listings = source.listings();
        return persisted(spark.parallelize(listings, listings.size()).flatMap(listing -> listing.units(conf.value())));
    }

    private <T> JavaRDD<T> persisted(JavaRDD<T> rdd) {
        persisted.add(rdd);
        return rdd.persist(StorageLevel.DISK_ONLY());
    }

    private void setFresh(JavaRDD<Unit> units) {
        fresh = persisted(units);
        totals = Totals.of(fresh);
    }

    /** Takes known pictures for new ones, by their escaped keys: they are read again. */
    void readAgain(JavaPairRDD<String, Boolean> keys) {
        JavaRDD<Tuple2<Unit, Boolean>> split =
                persisted(known.mapToPair(unit -> new Tuple2<>(escaped(unit.key()), unit))
                        .leftOuterJoin(keys.distinct())
                        .values()
                        .map(unit -> new Tuple2<>(unit._1, unit._2.isPresent())));
        known = split.filter(unit -> !unit._2).map(Tuple2::_1);
        setFresh(fresh.union(split.filter(Tuple2::_2).map(Tuple2::_1)));
    }

    /**
     * Gives new pictures the splits that pictures of their keys had.
     *
     * @return how many
     */
    ClassCounts settle(JavaPairRDD<String, Split> splits, int classes, Configuration hadoop) {
        SerializableConfiguration conf = new SerializableConfiguration(hadoop);
        JavaPairRDD<String, Tuple2<Tuple2<String, Integer>, Split>> settled = fresh.flatMapToPair(unit ->
                        each(unit.undecided(conf.value()))
                                .map(picture -> new Tuple2<>(picture.key(), new Tuple2<>(unit.id(), picture.label())))
                                .iterator())
                .join(splits);
        JavaPairRDD<String, Map<String, Split>> byUnit = settled.mapToPair(
                        picture -> new Tuple2<>(picture._2._1._1, Map.of(picture._1, picture._2._2)))
                .reduceByKey(Inventory::union);
        fresh = persisted(fresh.mapToPair(unit -> new Tuple2<>(unit.id(), unit))
                .leftOuterJoin(byUnit)
                .values()
                .map(unit -> unit._2.isPresent() ? unit._1.settled(unit._2.get()) : unit._1));
        return ClassCounts.of(
                settled.values().map(picture -> new ClassCounts.Place(picture._2, picture._1._2)), classes);
    }

    private static Map<String, Split> union(Map<String, Split> a, Map<String, Split> b) {
        Map<String, Split> both = new HashMap<>(a);
        both.putAll(b);
        return both;
    }

    private static <T> Stream<T> each(Iterator<T> iterator) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** What is to be read. */
    JavaRDD<Unit> fresh() {
        return fresh;
    }

    Totals totals() {
        return totals;
    }

    /** What the dataset has, unchanged. */
    JavaRDD<Unit> known() {
        return known;
    }

    /** Units that the dataset was made of and that are not there any more, or are others. */
    long lost() {
        return lost;
    }

    /** Of all that lies in the corpus, known or new. */
    long fingerprint() {
        return Totals.of(all.filter(unit -> !unit.isSkipped())).fingerprint();
    }

    /** Files that lie in the corpus and are none of its pictures. */
    long skipped() {
        return all.filter(Unit::isSkipped).count();
    }

    /** Pictures whose split is ours to choose. */
    JavaRDD<Unit.Undecided> undecided(Configuration hadoop) {
        SerializableConfiguration conf = new SerializableConfiguration(hadoop);
        return fresh.flatMap(unit -> unit.undecided(conf.value()));
    }

    /** Writes down what a dataset is made of, for the next run: all of it where something went, else what is new. */
    void record(Path folder, Configuration conf) throws IOException {
        folder.getFileSystem(conf).delete(folder, true);
        // An executor that was lost took its part of the list along; what is listed again must be the same.
        if (!Totals.of(fresh).equals(totals)) {
            throw new BadInputException("The corpus changed while it was prepared. Run the same command again.");
        }
        JavaRDD<Unit> units = lost > 0 ? all.filter(unit -> !unit.isSkipped()) : fresh;
        int files = (int) Math.min(Math.max(1, units.getNumPartitions()), units.count() / 100_000 + 1);
        units.map(Inventory::line).coalesce(files).saveAsTextFile(folder.toString(), GzipCodec.class);
    }

    private static String line(Unit unit) {
        return unit.length() + "\t" + unit.modified() + "\t" + escaped(unit.id());
    }

    /** A name within a line; line breaks in it would end the line. */
    static String escaped(String name) {
        return name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    @Override
    public void close() {
        persisted.forEach(JavaRDD::unpersist);
    }
}
