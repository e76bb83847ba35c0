package io.resnetspark.data.prepare;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Seeds;
import io.resnetspark.data.SourceImage;
import io.resnetspark.data.Split;
import io.resnetspark.data.source.Source;
import io.resnetspark.data.source.Unit;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Draft;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Pictures that were read and looked at, in files beside the dataset that is being made, a part a task. A job that was
 * ended finds there what it had done.
 */
final class Staging {
    private static final String FOLDER = "checked";
    private static final String PLAN = "plan.json";
    /** Grows with every change of what parts hold, so that no two versions work on the same ones. */
    private static final int VERSION = 4;

    private static final long BYTES_A_PART = 64L << 20;
    private static final long UNITS_A_PART = 2_000;

    private final JavaSparkContext spark;
    private final Source source;
    private final PrepareSettings settings;
    private final HashSplit split;
    private final Draft draft;
    private final String folder;
    private final int parts;

    /** What the files belong to; others are of no use. The dataset is the digest of the one that changes. */
    private record Plan(
            int version,
            String source,
            PrepareSettings settings,
            List<String> classes,
            Inventory.Totals totals,
            String dataset,
            long listing,
            HashSplit split,
            int parts) {
        Plan in(int others) {
            return new Plan(version, source, settings, classes, totals, dataset, listing, split, others);
        }
    }

    private Staging(
            JavaSparkContext spark, Source source, PrepareSettings settings, HashSplit split, Draft draft, int parts) {
        this.spark = spark;
        this.source = source;
        this.settings = settings;
        this.split = split;
        this.draft = draft;
        this.folder = new Path(draft.path(), FOLDER).toString();
        this.parts = parts;
    }

    /**
     * Finds what an earlier job left, if it was of the same corpus and settings, or begins.
     *
     * @param dataset digest of the one that changes; empty if there is none
     */
    static Staging open(
            JavaSparkContext spark,
            Source source,
            PrepareSettings settings,
            Inventory inventory,
            String dataset,
            HashSplit split,
            Draft draft)
            throws IOException {
        Inventory.Totals totals = inventory.totals();
        Plan plan = new Plan(
                VERSION,
                source.description(),
                settings,
                source.classes(),
                totals,
                dataset,
                inventory.fingerprint(),
                split,
                parts(spark, totals));
        Configuration conf = spark.hadoopConfiguration();
        Path file = new Path(draft.path(), PLAN);
        FileSystem files = file.getFileSystem(conf);
        if (files.exists(file)) {
            Plan earlier = Json.read(file, Plan.class, conf);
            // With more executors there would be more parts; those that are there count.
            if (earlier.equals(plan.in(earlier.parts))) {
                return new Staging(spark, source, settings, split, draft, earlier.parts);
            }
        }
        files.delete(draft.path(), true);
        draft.write(PLAN, Json.PRETTY.writeValueAsBytes(plan));
        return new Staging(spark, source, settings, split, draft, plan.parts);
    }

    private static int parts(JavaSparkContext spark, Inventory.Totals totals) {
        long bySize = Math.max(totals.bytes() / BYTES_A_PART, totals.units() / UNITS_A_PART) + 1;
        return Math.toIntExact(
                Math.min(Math.max(bySize, 2L * spark.defaultParallelism()), Math.max(1, totals.units())));
    }

    /** The settings that shape the pictures, in a few words. */
    static String words(PrepareSettings settings) {
        return (settings.keepOriginal() ? "original bytes" : "shorter side at most " + settings.shorterSide())
                + ", doubles " + settings.doubles();
    }

    /** Reads and looks at every picture that is not there yet, and sums up. */
    Summary check(Inventory inventory, Progress progress) {
        LongAccumulator read = spark.sc().longAccumulator("pictures read");
        LongAccumulator bad = spark.sc().longAccumulator("pictures bad");
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        int classes = source.classes().size();
        int side = source.side();
        String where = folder;
        PrepareSettings how = settings;
        HashSplit ours = split;
        JavaRDD<Summary> summaries = inventory
                .fresh()
                .mapToPair(unit -> new Tuple2<>(Seeds.hash(unit.id()), unit))
                .repartitionAndSortWithinPartitions(new ByHash(parts))
                .mapPartitions(units -> {
                    CheckedPart part = new CheckedPart(where, TaskContext.getPartitionId());
                    Summary summary = part.isDone(conf.value())
                            ? part.summary(conf.value())
                            : part.write(
                                    inspections(units, how, ours, conf.value()),
                                    new Summary(classes, side),
                                    conf.value());
                    read.add(summary.all());
                    bad.add(summary.bad());
                    return List.of(summary).iterator();
                });
        long total = inventory.totals().pictures();
        try (TaskProgress ignored =
                TaskProgress.watch(spark.sc(), progress.begin("check", "images", total), total, summaries)) {
            return summaries.treeAggregate(new Summary(classes, side), Summary::merge, Summary::merge);
        }
    }

    private static Iterator<Inspection> inspections(
            Iterator<Tuple2<Long, Unit>> units, PrepareSettings settings, HashSplit split, Configuration conf) {
        Set<String> seen = new HashSet<>();
        return stream(units)
                .map(Tuple2::_2)
                .filter(unit -> seen.add(unit.id())) // a list may name a picture twice
                .flatMap(unit -> read(unit, conf))
                .map(image -> Inspection.of(
                        image.split() == null ? image.in(split.of(image.label(), image.key())) : image, settings))
                .iterator();
    }

    private static Stream<SourceImage> read(Unit unit, Configuration conf) {
        try {
            return stream(unit.read(conf));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static <T> Stream<T> stream(Iterator<T> iterator) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** Good pictures of a split. */
    JavaRDD<Checked> pictures(Split split) {
        return read((part, conf) -> part.pictures(split, conf));
    }

    JavaRDD<Checked> bad() {
        return read(CheckedPart::bad);
    }

    /** What is read of a part. */
    private interface Reading<T> extends Serializable {
        Iterator<T> of(CheckedPart part, Configuration conf) throws IOException;
    }

    private <T> JavaRDD<T> read(Reading<T> reading) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        String where = folder;
        List<Integer> numbers = IntStream.range(0, parts).boxed().toList();
        return spark.parallelize(numbers, parts)
                .flatMap(number -> reading.of(new CheckedPart(where, number), conf.value()));
    }

    private JavaRDD<CheckedPart.Name> goodNames() {
        return read(CheckedPart::names).filter(CheckedPart.Name::isGood);
    }

    JavaRDD<String> goodKeys() {
        return goodNames().map(name -> name.copy().key());
    }

    /** Keys decide over shards and augmentation, and name pictures that are set aside. */
    void refuseRepeatedKeys(Changes changes) {
        List<String> repeated = read(CheckedPart::names)
                .map(name -> name.copy().key())
                .union(changes.stayingKeys())
                .mapToPair(key -> new Tuple2<>(key, 1))
                .reduceByKey(Integer::sum)
                .filter(key -> key._2 > 1)
                .keys()
                .take(5);
        if (!repeated.isEmpty()) {
            throw new BadInputException("Pictures must have names of their own, but " + source.description()
                    + " has several called " + repeated + ". Rename them, or take the repeated rows out.");
        }
    }

    /** Pictures that have to go since their bytes occur elsewhere too, and why. */
    Map<Duplicates.Copy, String> duplicates(Changes changes) {
        return goodNames()
                .mapToPair(name -> new Tuple2<>(name.digest(), name.copy()))
                .union(changes.copies())
                .groupByKey()
                .values()
                .map(Staging::list)
                .filter(same -> same.size() > 1)
                .flatMapToPair(same -> Duplicates.surplus(same).entrySet().stream()
                        .map(entry -> new Tuple2<>(entry.getKey(), entry.getValue()))
                        .iterator())
                .collectAsMap();
    }

    private static <T> List<T> list(Iterable<T> all) {
        List<T> list = new ArrayList<>();
        all.forEach(list::add);
        return list;
    }

    /** Removes what is of no more use. */
    void sweep() throws IOException {
        FileSystem files = draft.path().getFileSystem(spark.hadoopConfiguration());
        // The plan first: without it, whatever is left counts for nothing.
        files.delete(new Path(draft.path(), PLAN), false);
        files.delete(new Path(folder), true);
    }
}
