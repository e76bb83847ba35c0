package io.resnetspark.prepare;

import io.resnetspark.common.Progress;
import io.resnetspark.common.Seeds;
import io.resnetspark.common.TaskProgress;
import io.resnetspark.dataset.Split;
import io.resnetspark.source.InputUnit;
import io.resnetspark.source.Source;
import io.resnetspark.source.SourceImage;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
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
 * Checked images, staged in files beside the new dataset, one part per task. A resumed job finds here what was done.
 */
final class Staging {
    private static final String FOLDER = "checked";
    private static final String PLAN = "plan.json";
    /** Increased with every change of the parts' contents, so that two versions never share them. */
    private static final int VERSION = 6;

    private static final long BYTES_PER_PART = 64L << 20;
    private static final long UNITS_PER_PART = 2_000;

    private final JavaSparkContext spark;
    private final Source source;
    private final PrepareSettings settings;
    private final HashSplit split;
    private final AtomicDirectory directory;
    private final String folder;
    private final int parts;

    /**
     * The inputs of the staged files; files of another plan are not used. The dataset is the digest of the one that is
     * updated.
     */
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
        Plan withParts(int others) {
            return new Plan(version, source, settings, classes, totals, dataset, listing, split, others);
        }
    }

    private Staging(
            JavaSparkContext spark,
            Source source,
            PrepareSettings settings,
            HashSplit split,
            AtomicDirectory directory,
            int parts) {
        this.spark = spark;
        this.source = source;
        this.settings = settings;
        this.split = split;
        this.directory = directory;
        this.folder = new Path(directory.path(), FOLDER).toString();
        this.parts = parts;
    }

    /**
     * Opens the staging area of an earlier job if corpus and settings are the same, else creates one.
     *
     * @param dataset digest of the one that is updated; empty if there is none
     */
    static Staging open(
            JavaSparkContext spark,
            Source source,
            PrepareSettings settings,
            Inventory inventory,
            String dataset,
            HashSplit split,
            AtomicDirectory directory)
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
        Path file = new Path(directory.path(), PLAN);
        FileSystem files = file.getFileSystem(conf);
        if (files.exists(file)) {
            Plan earlier = Json.read(file, Plan.class, conf);
            // With more executors there would be more parts; the existing number is kept.
            if (earlier.equals(plan.withParts(earlier.parts))) {
                return new Staging(spark, source, settings, split, directory, earlier.parts);
            }
        }
        files.delete(directory.path(), true);
        directory.write(PLAN, Json.PRETTY.writeValueAsBytes(plan));
        return new Staging(spark, source, settings, split, directory, plan.parts);
    }

    private static int parts(JavaSparkContext spark, Inventory.Totals totals) {
        long bySize = Math.max(totals.bytes() / BYTES_PER_PART, totals.units() / UNITS_PER_PART) + 1;
        return Math.toIntExact(
                Math.min(Math.max(bySize, 2L * spark.defaultParallelism()), Math.max(1, totals.units())));
    }

    /**
     * The settings that affect the images, as dataset.json has them. Their words stay those of the first version: the
     * update of a dataset compares them.
     */
    static String describe(PrepareSettings settings) {
        String duplicates = settings.duplicates() == PrepareSettings.DuplicatePolicy.EXCLUDE
                ? "SET_ASIDE"
                : settings.duplicates().name();
        return (settings.keepOriginal() ? "original bytes" : "shorter side at most " + settings.shorterSide())
                + ", doubles " + duplicates;
    }

    /** Reads and checks every image that is not staged yet, and summarises all. */
    CheckSummary checkImages(Inventory inventory, Progress progress) {
        LongAccumulator read = spark.sc().longAccumulator("images read");
        LongAccumulator bad = spark.sc().longAccumulator("images bad");
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        int classes = source.classes().size();
        int side = source.cropSide();
        String where = folder;
        PrepareSettings how = settings;
        HashSplit hashSplit = split;
        JavaRDD<CheckSummary> summaries = inventory
                .newUnits()
                .mapToPair(unit -> new Tuple2<>(Seeds.hash(unit.id()), unit))
                .repartitionAndSortWithinPartitions(new HashRangePartitioner(parts))
                .mapPartitions(units -> {
                    CheckedPartition partition = new CheckedPartition(where, TaskContext.getPartitionId());
                    CheckSummary summary = partition.isDone(conf.value())
                            ? partition.summary(conf.value())
                            : partition.write(
                                    inspections(units, how, hashSplit, conf.value()),
                                    new CheckSummary(classes, side),
                                    conf.value());
                    read.add(summary.total());
                    bad.add(summary.bad());
                    return List.of(summary).iterator();
                });
        long total = inventory.totals().images();
        try (TaskProgress ignored =
                TaskProgress.watch(spark.sc(), progress.begin("check", "images", total), total, summaries)) {
            return summaries.treeAggregate(new CheckSummary(classes, side), CheckSummary::merge, CheckSummary::merge);
        }
    }

    private static Iterator<Inspection> inspections(
            Iterator<Tuple2<Long, InputUnit>> units, PrepareSettings settings, HashSplit split, Configuration conf) {
        Set<String> seen = new HashSet<>();
        return stream(units)
                .map(Tuple2::_2)
                .filter(unit -> seen.add(unit.id())) // a list may name an image twice
                .flatMap(unit -> read(unit, conf))
                .map(image -> Inspection.of(
                        image.split() == null ? image.withSplit(split.of(image.label(), image.key())) : image,
                        settings))
                .iterator();
    }

    private static Stream<SourceImage> read(InputUnit unit, Configuration conf) {
        try {
            return stream(unit.read(conf));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static <T> Stream<T> stream(Iterator<T> iterator) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** Good images of a split. */
    JavaRDD<CheckedImage> images(Split split) {
        return read((partition, conf) -> partition.images(split, conf));
    }

    JavaRDD<CheckedImage> badImages() {
        return read(CheckedPartition::badImages);
    }

    /** Reads something from a part. */
    private interface PartReader<T> extends Serializable {
        Iterator<T> of(CheckedPartition partition, Configuration conf) throws IOException;
    }

    private <T> JavaRDD<T> read(PartReader<T> reader) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        String where = folder;
        List<Integer> numbers = IntStream.range(0, parts).boxed().toList();
        return spark.parallelize(numbers, parts)
                .flatMap(number -> reader.of(new CheckedPartition(where, number), conf.value()));
    }

    private JavaRDD<CheckedPartition.IndexEntry> goodEntries() {
        return read(CheckedPartition::index).filter(CheckedPartition.IndexEntry::isGood);
    }

    JavaRDD<String> goodKeys() {
        return goodEntries().map(entry -> entry.copy().key());
    }

    /** Keys determine shards and augmentation, and name quarantined images, so they must be unique. */
    void requireUniqueKeys(DatasetUpdate update) {
        List<String> repeated = read(CheckedPartition::index)
                .map(entry -> entry.copy().key())
                .union(update.keptKeys())
                .mapToPair(key -> new Tuple2<>(key, 1))
                .reduceByKey(Integer::sum)
                .filter(key -> key._2 > 1)
                .keys()
                .take(5);
        if (!repeated.isEmpty()) {
            throw new BadInputException("Images must have names of their own, but " + source.description()
                    + " has several called " + repeated + ". Rename them, or take the repeated rows out.");
        }
    }

    /** Images to exclude because their bytes occur elsewhere too, with the reason. */
    Map<Duplicates.Copy, String> findDuplicates(DatasetUpdate update) {
        return goodEntries()
                .mapToPair(entry -> new Tuple2<>(entry.digest(), entry.copy()))
                .union(update.keptCopies())
                .groupByKey()
                .values()
                .map(Staging::list)
                .filter(same -> same.size() > 1)
                .flatMapToPair(same -> Duplicates.excluded(same).entrySet().stream()
                        .map(entry -> new Tuple2<>(entry.getKey(), entry.getValue()))
                        .iterator())
                .collectAsMap();
    }

    private static <T> List<T> list(Iterable<T> all) {
        List<T> list = new ArrayList<>();
        all.forEach(list::add);
        return list;
    }

    /** Deletes the staged files. */
    void delete() throws IOException {
        FileSystem files = directory.path().getFileSystem(spark.hadoopConfiguration());
        // The plan first: without it, the remaining files are not used.
        files.delete(new Path(directory.path(), PLAN), false);
        files.delete(new Path(folder), true);
    }
}
