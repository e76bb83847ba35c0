package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.ChangeHistory;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.data.source.Source;
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
 * What becomes of the pictures that a dataset has: those whose files are as they were stay, with the split that they have;
 * all others leave, and come again if they only changed. Shards that a picture leaves are written anew under other names,
 * so whoever reads the dataset as it was still finds its shards.
 */
final class DatasetUpdate implements AutoCloseable {
    private static final long ROWS_PER_TASK = 2_000;

    private final JavaSparkContext spark;
    private final Dataset.Opened existing;
    private final Path target;
    private final Source source;
    /** Whether anything went or changed; else the dataset's own words on itself hold. */
    private final boolean hasRemovals;
    /** From labels of the dataset to those of now; -1 for classes that are gone. */
    private final int[] labelMapping;

    private final List<ShardLocation> locations = new ArrayList<>();
    private final JavaRDD<Row> kept;
    private final JavaRDD<Row> removed;
    private final ClassCounts keptImages;
    private ClassCounts reassigned;
    private PreviousQuarantine previousQuarantine;

    /** A shard of the dataset. */
    private record ShardLocation(Split split, Shard shard) implements Serializable {}

    /** A picture of the dataset without its bytes; label of now, digest of the original, and the place of its shard. */
    private record Row(String key, Split split, int label, String digest, int location) implements Serializable {}

    /**
     * Compares a dataset with its corpus.
     *
     * @param existing null if there is none; then nothing stays and nothing leaves
     * @param inventory learns what else has to be read again
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

    /** Doubles are judged anew, since what they were doubles of may be gone. */
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

    /** For rows without bytes: one a shard would be many for next to nothing where shards are small. */
    private int tasks() {
        long byRows = previousImages() / ROWS_PER_TASK + 1;
        return Math.toIntExact(
                Math.min(Math.max(byRows, 2L * spark.defaultParallelism()), Math.max(1, locations.size())));
    }

    /** The dataset's own counts, all of which stay. */
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

    /** Pictures that stay. */
    ClassCounts keptImages() {
        return new ClassCounts(source.classes().size()).merge(keptImages);
    }

    /** Pictures that stay or come again, whose split is known. */
    ClassCounts assignedImages() {
        return keptImages().merge(reassigned);
    }

    /** Of the dataset as it was. */
    long previousImages() {
        return existing == null ? 0 : existing.dataset().examples();
    }

    String previousDigest() {
        return existing == null ? "" : existing.digest();
    }

    int version() {
        return existing == null ? 1 : existing.dataset().version() + 1;
    }

    /** What this one is called in names of files. */
    String runName() {
        return existing == null ? "first" : "v" + version();
    }

    /** Those whose indexes and tables of reasons make up the dataset. */
    List<String> runNames() {
        List<String> runs = new ArrayList<>(
                existing == null || hasRemovals ? List.of() : existing.dataset().runs());
        runs.add(runName());
        return runs;
    }

    /** What was set aside before and still is, by kind. */
    Map<String, Integer> stillQuarantined() {
        if (hasRemovals) {
            return previousQuarantine.countsByCategory();
        }
        return existing == null ? Map.of() : existing.dataset().quarantined();
    }

    /** What must be written down of it again; nothing where all tables hold. */
    PreviousQuarantine previousQuarantine() {
        return previousQuarantine;
    }

    /** @param keys of pictures that come */
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

    /** All changes of the dataset, this one included; null of a first version. */
    ChangeHistory history(Dataset.Change change) {
        return existing == null
                ? null
                : existing.dataset().history().plus(change.added(), change.removed(), change.changed());
    }

    JavaRDD<String> keptKeys() {
        return kept.map(Row::key);
    }

    /** Pictures that stay, as copies that new ones may be doubles of. */
    JavaPairRDD<String, Duplicates.Copy> keptCopies() {
        return kept.mapToPair(
                row -> new Tuple2<>(row.digest, new Duplicates.Copy(row.key, row.split, row.label, true)));
    }

    /** Whether nothing stays, so that the dataset begins anew. */
    boolean startsOver() {
        return keptImages.total() == 0;
    }

    /**
     * Writes the shards that pictures leave, and all of them where classes have other numbers now.
     *
     * @param to the folder that the dataset's new files come into
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

    /** Of the dataset as it was. */
    private StatisticsAccumulator previousStatistics() throws IOException {
        Dataset dataset = existing.dataset();
        float[] mean = dataset.meanImageValues(target, spark.hadoopConfiguration());
        return new StatisticsAccumulator(
                dataset.shorterSides(), PixelSums.of(dataset.statistics(), mean, source.cropSide()));
    }

    /**
     * What stays.
     *
     * @param shards in their order, those that were written anew in the places of the others
     * @param measures of what is in them
     */
    record KeptShards(Map<Split, List<Shard>> shards, StatisticsAccumulator accumulator) {}

    /** Shards that must be written anew, each with the keys that leave it. */
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
