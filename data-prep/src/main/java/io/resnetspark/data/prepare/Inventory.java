package io.resnetspark.data.prepare;

import io.resnetspark.data.Seeds;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.source.Source;
import io.resnetspark.data.source.Unit;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Renames;
import io.resnetspark.storage.UserFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.GzipCodec;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/** What a corpus holds now, listed by executors, less what a dataset has already. */
final class Inventory implements AutoCloseable {
    private final JavaRDD<Unit> fresh;
    private final Totals totals;
    private final long skipped;

    private Inventory(JavaRDD<Unit> fresh, Totals totals, long skipped) {
        this.fresh = fresh;
        this.totals = totals;
        this.skipped = skipped;
    }

    /** Sums over units. The fingerprint tells whether two listings are of the same units, in any order. */
    record Totals(long units, long pictures, long bytes, long fingerprint) implements Serializable {
        static final Totals NONE = new Totals(0, 0, 0, 0);

        Totals add(Unit unit) {
            return new Totals(
                    units + 1, pictures + unit.pictures(), bytes + unit.length(), fingerprint + Seeds.hash(line(unit)));
        }

        Totals merge(Totals other) {
            return new Totals(
                    units + other.units,
                    pictures + other.pictures,
                    bytes + other.bytes,
                    fingerprint + other.fingerprint);
        }
    }

    /** Everything in the corpus. */
    static Inventory of(JavaSparkContext spark, Source source) {
        JavaRDD<Unit> all = list(spark, source);
        return measured(all.filter(unit -> !unit.isSkipped()), skipped(all));
    }

    /**
     * What came since the dataset was made.
     *
     * @throws BadInputException if pictures changed or vanished, which a dataset cannot follow
     */
    static Inventory since(JavaSparkContext spark, Source source, Path dataset, List<String> runs) {
        JavaPairRDD<String, String> known = runs.stream()
                .map(run -> lines(spark, new Path(dataset, Dataset.INDEX + "/" + run)))
                .reduce(spark.emptyRDD(), JavaRDD::union)
                .mapToPair(line -> new Tuple2<>(line.replaceFirst("^[^\t]*\t[^\t]*\t", ""), line));
        JavaRDD<Unit> all = list(spark, source);
        JavaPairRDD<String, Unit> found =
                all.filter(unit -> !unit.isSkipped()).mapToPair(unit -> new Tuple2<>(escaped(unit), unit));
        JavaPairRDD<String, Tuple2<Iterable<String>, Iterable<Unit>>> both =
                known.cogroup(found).persist(StorageLevel.DISK_ONLY());
        try {
            List<String> gone = both.filter(entry -> entry._2._1.iterator().hasNext()
                            && !(entry._2._2.iterator().hasNext()
                                    && line(entry._2._2.iterator().next())
                                            .equals(entry._2._1.iterator().next())))
                    .keys()
                    .take(5);
            if (!gone.isEmpty()) {
                throw new BadInputException(
                        "Since " + dataset + " was made, pictures of its corpus changed or vanished, such as " + gone
                                + ". Shards of what is new can be added, but nothing is taken out. Prepare the corpus anew, to another place.");
            }
            JavaRDD<Unit> fresh = both.filter(entry -> !entry._2._1.iterator().hasNext())
                    .map(entry -> entry._2._2.iterator().next());
            return measured(fresh, skipped(all));
        } finally {
            both.unpersist();
        }
    }

    /** What {@link #record} wrote. Spark's textFile would take a comma or a bracket of the folder's name for a pattern. */
    private static JavaRDD<String> lines(JavaSparkContext spark, Path folder) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<String> files = files(folder, conf.value());
        return spark.parallelize(files, Math.max(1, files.size())).flatMap(file -> {
            InputStream unpacked = new GZIPInputStream(UserFiles.open(new Path(file), conf.value()));
            return new BufferedReader(new InputStreamReader(unpacked, StandardCharsets.UTF_8))
                    .lines()
                    .iterator();
        });
    }

    private static List<String> files(Path folder, Configuration conf) {
        try {
            return Stream.of(Renames.list(folder, conf))
                    .map(file -> file.getPath().toString())
                    .filter(file -> file.endsWith(".gz"))
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static JavaRDD<Unit> list(JavaSparkContext spark, Source source) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Source.Listing> listings = source.listings();
        return spark.parallelize(listings, listings.size())
                .<Unit>flatMap(listing -> listing.units(conf.value()))
                .persist(StorageLevel.DISK_ONLY());
    }

    private static long skipped(JavaRDD<Unit> all) {
        return all.filter(Unit::isSkipped).count();
    }

    private static Inventory measured(JavaRDD<Unit> units, long skipped) {
        units.persist(StorageLevel.DISK_ONLY());
        return new Inventory(units, units.aggregate(Totals.NONE, Totals::add, Totals::merge), skipped);
    }

    JavaRDD<Unit> units() {
        return fresh;
    }

    Totals totals() {
        return totals;
    }

    /** Files that lie in the corpus and are none of its pictures, known ones too. */
    long skipped() {
        return skipped;
    }

    /** Pictures whose split is ours to choose. */
    JavaRDD<Unit.Undecided> undecided(Configuration hadoop) {
        SerializableConfiguration conf = new SerializableConfiguration(hadoop);
        return fresh.flatMap(unit -> unit.undecided(conf.value()));
    }

    /** Writes down what was listed, for the next run. */
    void record(Path folder, Configuration conf) throws IOException {
        folder.getFileSystem(conf).delete(folder, true);
        // An executor that was lost took its part of the list along; what is listed again must be the same.
        if (!fresh.aggregate(Totals.NONE, Totals::add, Totals::merge).equals(totals)) {
            throw new BadInputException("The corpus changed while it was prepared. Run the same command again.");
        }
        int files = (int) Math.min(fresh.getNumPartitions(), totals.units() / 100_000 + 1);
        fresh.map(Inventory::line).coalesce(files).saveAsTextFile(folder.toString(), GzipCodec.class);
    }

    private static String line(Unit unit) {
        return unit.length() + "\t" + unit.modified() + "\t" + escaped(unit);
    }

    /** A line's rest; line breaks in names would end it. */
    private static String escaped(Unit unit) {
        return unit.id().replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    @Override
    public void close() {
        fresh.unpersist();
    }
}
