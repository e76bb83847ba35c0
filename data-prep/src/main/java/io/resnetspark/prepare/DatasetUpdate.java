package io.resnetspark.prepare;

import io.resnetspark.dataset.ChangeHistory;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.source.Source;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Compares a dataset with its changed corpus. Images whose files are unchanged are kept, with their split. All others
 * are removed, and added again if they only changed. Shards that lose images are rewritten under new names, so readers
 * of the previous version still find theirs.
 */
final class DatasetUpdate implements AutoCloseable {
    private static final long ROWS_PER_TASK = 2_000;

    private final JavaSparkContext spark;
    private final Dataset.Opened existing;
    private final Path target;
    private final Source source;
    /** Whether any image was removed or changed; if not, the dataset's own counts still hold. */
    private final boolean hasRemovals;
    /** Maps the dataset's labels to the current ones; -1 for removed classes. */
    private final int[] labelMapping;

    private final List<ShardLocation> locations = new ArrayList<>();
    private final JavaRDD<Row> kept;
    private final JavaRDD<Row> removed;
    private final ClassCounts keptImages;
    private ClassCounts reassigned;
    private PreviousQuarantine previousQuarantine;

    /** A shard of the dataset. */
    private record ShardLocation(Split split, Shard shard) implements Serializable {}

    /**
     * An image of the dataset without its bytes: current label, digest of the original file, and index of its shard.
     */
    private record Row(String key, Split split, int label, String digest, int location) implements Serializable {}

    /**
     * Compares a dataset with its corpus.
     *
     * @param existing null if there is no dataset yet; then nothing is kept and nothing removed
     * @param inventory receives the units that must be read again
     */
    static DatasetUpdate of(
            JavaSparkContext spark, Dataset.Opened existing, Path target, Source source, Inventory inventory)
            throws IOException {
        DatasetUpdate update = new DatasetUpdate(spark, existing, target, source, inventory);
        if (update.hasRemovals) {
            update.compare(inventory);
        }
        return update;
    }

    private DatasetUpdate(
            JavaSparkContext spark, Dataset.Opened existing, Path target, Source source, Inventory inventory) {
        this.spark = spark;
        this.existing = existing;
        this.target = target;
        this.source = source;
        this.hasRemovals = inventory.removedOrChanged() > 0;
        this.labelMapping = existing == null
                ? new int[0]
                : existing.dataset().classes().stream()
                        .mapToInt(source.classes()::indexOf)
                        .toArray();
        if (existing != null) {
            for (Split split : Split.values()) {
                existing.dataset().shards(split).forEach(shard -> locations.add(new ShardLocation(split, shard)));
            }
        }
        if (hasRemovals) {
            JavaRDD<Tuple2<Row, Boolean>> all = datasetRows()
                    .mapToPair(row -> new Tuple2<>(row.key, row))
                    .leftOuterJoin(inventory.unchanged().mapToPair(unit -> new Tuple2<>(unit.key(), true)))
                    .values()
                    .map(row -> new Tuple2<>(row._1, row._2.isPresent()));
            kept = all.filter(Tuple2::_2).map(Tuple2::_1).persist(StorageLevel.DISK_ONLY());
            removed = all.filter(row -> !row._2).map(Tuple2::_1).persist(StorageLevel.DISK_ONLY());
            keptImages = ClassCounts.of(
                    kept.map(row -> new ClassCounts.SplitLabel(row.split, row.label)),
                    source.classes().size());
        } else {
            kept = datasetRows();
            removed = spark.emptyRDD();
            keptImages = relabelledCounts();
        }
        reassigned = new ClassCounts(source.classes().size());
        previousQuarantine = PreviousQuarantine.empty(spark);
    }

    /** Duplicates are evaluated again, because the image that they duplicated may be gone. */
    private void compare(Inventory inventory) throws IOException {
        JavaPairRDD<String, String> tables =
                QuarantineTable.read(spark, target, existing.dataset().runs());
        inventory.readAgain(
                tables.filter(line -> QuarantineTable.isDuplicate(line._2)).mapValues(reason -> true));
        JavaPairRDD<String, String> holding = tables.join(
                        inventory.unchanged().mapToPair(unit -> new Tuple2<>(Utf8.escapeLine(unit.key()), true)))
                .mapValues(Tuple2::_1);
        previousQuarantine = new PreviousQuarantine(holding, tables.subtractByKey(holding));
        reassigned = inventory.assignPreviousSplits(
                removed.mapToPair(row -> new Tuple2<>(row.key, row.split)),
                source.classes().size(),
                spark.hadoopConfiguration());
    }

    private JavaRDD<Row> datasetRows() {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        String folder = target.toString();
        int[] labels = labelMapping;
        List<ShardLocation> shards = locations;
        List<Integer> numbers = IntStream.range(0, shards.size()).boxed().toList();
        return spark.parallelize(numbers, tasks()).flatMap(number -> {
            ShardLocation location = shards.get(number);
            Iterator<Example> rows = Shards.withoutImages(new Path(folder, location.shard.path()), conf.value());
            return StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, Spliterator.ORDERED), false)
                    .map(row -> new Row(row.key(), location.split, labels[row.label()], row.originalDigest(), number))
                    .iterator();
        });
    }

    /** Tasks for rows without bytes: one task per shard would be too many if shards are small. */
    private int tasks() {
        long byRows = previousImages() / ROWS_PER_TASK + 1;
        return Math.toIntExact(
                Math.min(Math.max(byRows, 2L * spark.defaultParallelism()), Math.max(1, locations.size())));
    }

    /** The dataset's own counts, with current labels; all images are kept. */
    private ClassCounts relabelledCounts() {
        ClassCounts counts = new ClassCounts(source.classes().size());
        for (Split split : Split.values()) {
            for (int label = 0; label < labelMapping.length; label++) {
                long count = existing.dataset().images(split).get(label);
                if (count > 0) {
                    counts.add(split, labelMapping[label], count);
                }
            }
        }
        return counts;
    }

    /** Counts of kept images. */
    ClassCounts keptImages() {
        return new ClassCounts(source.classes().size()).merge(keptImages);
    }

    /** Counts of images whose split is known: kept ones, and changed ones that are added again. */
    ClassCounts assignedImages() {
        return keptImages().merge(reassigned);
    }

    /** Images in the previous version. */
    long previousImages() {
        return existing == null ? 0 : existing.dataset().examples();
    }

    String previousDigest() {
        return existing == null ? "" : existing.digest();
    }

    int version() {
        return existing == null ? 1 : existing.dataset().version() + 1;
    }

    /** The name of this run in file names. */
    String runName() {
        return existing == null ? "first" : "v" + version();
    }

    /** The runs whose indexes and quarantine tables make up the dataset. */
    List<String> runNames() {
        List<String> runs = new ArrayList<>(
                existing == null || hasRemovals ? List.of() : existing.dataset().runs());
        runs.add(runName());
        return runs;
    }

    /** Images that earlier runs quarantined and that remain so, by category. */
    Map<String, Integer> stillQuarantined() {
        if (hasRemovals) {
            return previousQuarantine.countsByCategory();
        }
        return existing == null ? Map.of() : existing.dataset().quarantined();
    }

    /** Lines of earlier quarantine tables that must be written again; empty if all tables still hold. */
    PreviousQuarantine previousQuarantine() {
        return previousQuarantine;
    }

    /** @param keys of added images */
    Dataset.Change change(JavaRDD<String> keys, CheckSummary summary) {
        List<String> before = existing == null ? List.of() : existing.dataset().classes();
        long leaving = removed.count();
        long changed = leaving == 0
                ? 0
                : removed.mapToPair(row -> new Tuple2<>(row.key, true))
                        .join(keys.mapToPair(key -> new Tuple2<>(key, true)))
                        .count();
        return new Dataset.Change(
                summary.images().total() - changed,
                leaving - changed,
                changed,
                source.classes().stream().filter(name -> !before.contains(name)).toList(),
                before.stream().filter(name -> !source.classes().contains(name)).toList());
    }

    /** The accumulated changes, including this one; null for the first version. */
    ChangeHistory history(Dataset.Change change) {
        return existing == null
                ? null
                : existing.dataset().history().plus(change.added(), change.removed(), change.changed());
    }

    JavaRDD<String> keptKeys() {
        return kept.map(Row::key);
    }

    /** Kept images, as candidates that new images may duplicate. */
    JavaPairRDD<String, Duplicates.Copy> keptCopies() {
        return kept.mapToPair(
                row -> new Tuple2<>(row.digest, new Duplicates.Copy(row.key, row.split, row.label, true)));
    }

    /** Whether nothing is kept, so that the dataset starts over. */
    boolean startsOver() {
        return keptImages.total() == 0;
    }

    /**
     * Rewrites the shards that lose images; all shards if labels have changed.
     *
     * @param to the folder that receives the dataset's new files
     */
    KeptShards rewriteShards(Path to) throws IOException {
        Map<Split, List<Shard>> shards = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            shards.put(split, new ArrayList<>());
        }
        if (startsOver()) {
            return new KeptShards(shards, new StatisticsAccumulator(source.cropSide()));
        }
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        ShardRewriter rewriter = new ShardRewriter(
                target.toString(), to.toString(), version(), source.classes(), labelMapping, source.cropSide());
        List<ShardLocation> from = locations;
        ShardRewriter.Result none = new ShardRewriter.Result(source.cropSide());
        ShardRewriter.Result written = affectedShards()
                .map(shard -> {
                    ShardLocation location = from.get(shard._1);
                    return rewriter.rewrite(shard._1, location.split, location.shard, shard._2, conf.value());
                })
                .treeAggregate(none, ShardRewriter.Result::merge, ShardRewriter.Result::merge);
        for (int number = 0; number < locations.size(); number++) {
            ShardLocation location = locations.get(number);
            Shard shard = written.isAffected(number) ? written.shard(number) : location.shard;
            if (shard != null) {
                shards.get(location.split).add(shard);
            }
        }
        return new KeptShards(shards, previousStatistics().subtract(written.removedStatistics()));
    }

    /** Statistics of the previous version. */
    private StatisticsAccumulator previousStatistics() throws IOException {
        Dataset dataset = existing.dataset();
        float[] mean = dataset.meanImageValues(target, spark.hadoopConfiguration());
        return new StatisticsAccumulator(
                dataset.shorterSides(), PixelSums.of(dataset.statistics(), mean, source.cropSide()));
    }

    /**
     * The kept part of the dataset.
     *
     * @param shards in their order; rewritten ones take the place of the old ones
     * @param accumulator statistics of the kept images
     */
    record KeptShards(Map<Split, List<Shard>> shards, StatisticsAccumulator accumulator) {}

    /** Shards that must be rewritten, each with the keys that it loses. */
    private JavaPairRDD<Integer, Set<String>> affectedShards() {
        JavaPairRDD<Integer, Set<String>> affected = removed.mapToPair(
                        row -> new Tuple2<>(row.location, Set.of(row.key)))
                .reduceByKey(DatasetUpdate::union, Math.max(1, locations.size()));
        if (IntStream.range(0, labelMapping.length).allMatch(label -> labelMapping[label] == label)) {
            return affected;
        }
        List<Tuple2<Integer, Set<String>>> all = IntStream.range(0, locations.size())
                .mapToObj(place -> new Tuple2<>(place, Set.<String>of()))
                .toList();
        return affected.union(spark.parallelizePairs(all, all.size())).reduceByKey(DatasetUpdate::union);
    }

    private static Set<String> union(Set<String> a, Set<String> b) {
        Set<String> both = new HashSet<>(a);
        both.addAll(b);
        return both;
    }

    @Override
    public void close() {
        kept.unpersist();
        removed.unpersist();
    }
}
