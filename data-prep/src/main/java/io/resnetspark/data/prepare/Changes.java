package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.History;
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
final class Changes implements AutoCloseable {
    private static final long ROWS_A_TASK = 2_000;

    private final JavaSparkContext spark;
    private final Dataset.Opened existing;
    private final Path target;
    private final Source source;
    /** Whether anything went or changed; else the dataset's own words on itself hold. */
    private final boolean follows;
    /** From labels of the dataset to those of now; -1 for classes that are gone. */
    private final int[] relabel;

    private final List<Place> places = new ArrayList<>();
    private final JavaRDD<Row> stay;
    private final JavaRDD<Row> leave;
    private final ClassCounts images;
    private ClassCounts settled;
    private SetAside setAside;

    /** A shard of the dataset. */
    private record Place(Split split, Shard shard) implements Serializable {}

    /** A picture of the dataset without its bytes; label of now, digest of the original, and the place of its shard. */
    private record Row(String key, Split split, int label, String digest, int place) implements Serializable {}

    /**
     * Compares a dataset with its corpus.
     *
     * @param existing null if there is none; then nothing stays and nothing leaves
     * @param inventory learns what else has to be read again
     */
    static Changes of(JavaSparkContext spark, Dataset.Opened existing, Path target, Source source, Inventory inventory)
            throws IOException {
        Changes changes = new Changes(spark, existing, target, source, inventory);
        if (changes.follows) {
            changes.follow(inventory);
        }
        return changes;
    }

    private Changes(JavaSparkContext spark, Dataset.Opened existing, Path target, Source source, Inventory inventory) {
        this.spark = spark;
        this.existing = existing;
        this.target = target;
        this.source = source;
        this.follows = inventory.lost() > 0;
        this.relabel = existing == null
                ? new int[0]
                : existing.dataset().classes().stream()
                        .mapToInt(source.classes()::indexOf)
                        .toArray();
        if (existing != null) {
            for (Split split : Split.values()) {
                existing.dataset().shards(split).forEach(shard -> places.add(new Place(split, shard)));
            }
        }
        if (follows) {
            JavaRDD<Tuple2<Row, Boolean>> all = rows().mapToPair(row -> new Tuple2<>(row.key, row))
                    .leftOuterJoin(inventory.known().mapToPair(unit -> new Tuple2<>(unit.key(), true)))
                    .values()
                    .map(row -> new Tuple2<>(row._1, row._2.isPresent()));
            stay = all.filter(Tuple2::_2).map(Tuple2::_1).persist(StorageLevel.DISK_ONLY());
            leave = all.filter(row -> !row._2).map(Tuple2::_1).persist(StorageLevel.DISK_ONLY());
            images = ClassCounts.of(
                    stay.map(row -> new ClassCounts.Place(row.split, row.label)),
                    source.classes().size());
        } else {
            stay = rows();
            leave = spark.emptyRDD();
            images = relabelled();
        }
        settled = new ClassCounts(source.classes().size());
        setAside = SetAside.nothing(spark);
    }

    /** Doubles are judged anew, since what they were doubles of may be gone. */
    private void follow(Inventory inventory) throws IOException {
        JavaPairRDD<String, String> tables =
                ReasonTable.read(spark, target, existing.dataset().runs());
        inventory.readAgain(tables.filter(line -> ReasonTable.isDouble(line._2)).mapValues(reason -> true));
        JavaPairRDD<String, String> holding = tables.join(
                        inventory.known().mapToPair(unit -> new Tuple2<>(Utf8.oneLine(unit.key()), true)))
                .mapValues(Tuple2::_1);
        setAside = new SetAside(holding, tables.subtractByKey(holding));
        settled = inventory.settle(
                leave.mapToPair(row -> new Tuple2<>(row.key, row.split)),
                source.classes().size(),
                spark.hadoopConfiguration());
    }

    private JavaRDD<Row> rows() {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        String folder = target.toString();
        int[] labels = relabel;
        List<Place> shards = places;
        List<Integer> numbers = IntStream.range(0, shards.size()).boxed().toList();
        return spark.parallelize(numbers, tasks()).flatMap(number -> {
            Place place = shards.get(number);
            Iterator<Example> rows = Shards.withoutPictures(new Path(folder, place.shard.path()), conf.value());
            return StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, Spliterator.ORDERED), false)
                    .map(row -> new Row(row.key(), place.split, labels[row.label()], row.original(), number))
                    .iterator();
        });
    }

    /** For rows without bytes: one a shard would be many for next to nothing where shards are small. */
    private int tasks() {
        long byRows = before() / ROWS_A_TASK + 1;
        return Math.toIntExact(Math.min(Math.max(byRows, 2L * spark.defaultParallelism()), Math.max(1, places.size())));
    }

    /** The dataset's own counts, all of which stay. */
    private ClassCounts relabelled() {
        ClassCounts counts = new ClassCounts(source.classes().size());
        for (Split split : Split.values()) {
            for (int label = 0; label < relabel.length; label++) {
                long images = existing.dataset().images(split).get(label);
                if (images > 0) {
                    counts.add(split, relabel[label], images);
                }
            }
        }
        return counts;
    }

    /** Pictures that stay. */
    ClassCounts images() {
        return new ClassCounts(source.classes().size()).merge(images);
    }

    /** Pictures that stay or come again, whose split is known. */
    ClassCounts taken() {
        return images().merge(settled);
    }

    /** Of the dataset as it was. */
    long before() {
        return existing == null ? 0 : existing.dataset().examples();
    }

    String digest() {
        return existing == null ? "" : existing.digest();
    }

    int version() {
        return existing == null ? 1 : existing.dataset().version() + 1;
    }

    /** What this one is called in names of files. */
    String run() {
        return existing == null ? "first" : "v" + version();
    }

    /** Those whose indexes and tables of reasons make up the dataset. */
    List<String> runs() {
        List<String> runs = new ArrayList<>(
                existing == null || follows ? List.of() : existing.dataset().runs());
        runs.add(run());
        return runs;
    }

    /** What was set aside before and still is, by kind. */
    Map<String, Integer> quarantined() {
        if (follows) {
            return setAside.kinds();
        }
        return existing == null ? Map.of() : existing.dataset().quarantined();
    }

    /** What must be written down of it again; nothing where all tables hold. */
    SetAside setAside() {
        return setAside;
    }

    /** @param keys of pictures that come */
    Dataset.Change change(JavaRDD<String> keys, Summary summary) {
        List<String> before = existing == null ? List.of() : existing.dataset().classes();
        long leaving = leave.count();
        long changed = leaving == 0
                ? 0
                : leave.mapToPair(row -> new Tuple2<>(row.key, true))
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
    History history(Dataset.Change change) {
        return existing == null
                ? null
                : existing.dataset().history().plus(change.added(), change.removed(), change.changed());
    }

    JavaRDD<String> stayingKeys() {
        return stay.map(Row::key);
    }

    /** Pictures that stay, as copies that new ones may be doubles of. */
    JavaPairRDD<String, Duplicates.Copy> copies() {
        return stay.mapToPair(
                row -> new Tuple2<>(row.digest, new Duplicates.Copy(row.key, row.split, row.label, true)));
    }

    /** Whether nothing stays, so that the dataset begins anew. */
    boolean isAnew() {
        return images.total() == 0;
    }

    /**
     * Writes the shards that pictures leave, and all of them where classes have other numbers now.
     *
     * @param to the folder that the dataset's new files come into
     */
    Remainder rewrite(Path to) throws IOException {
        Map<Split, List<Shard>> shards = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            shards.put(split, new ArrayList<>());
        }
        if (isAnew()) {
            return new Remainder(shards, new Measures(source.side()));
        }
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        Rewriting rewriting =
                new Rewriting(target.toString(), to.toString(), version(), source.classes(), relabel, source.side());
        List<Place> from = places;
        Rewriting.Result none = new Rewriting.Result(source.side());
        Rewriting.Result written = affected()
                .map(shard -> {
                    Place place = from.get(shard._1);
                    return rewriting.rewrite(shard._1, place.split, place.shard, shard._2, conf.value());
                })
                .treeAggregate(none, Rewriting.Result::merge, Rewriting.Result::merge);
        for (int number = 0; number < places.size(); number++) {
            Place place = places.get(number);
            Shard shard = written.isAffected(number) ? written.shard(number) : place.shard;
            if (shard != null) {
                shards.get(place.split).add(shard);
            }
        }
        return new Remainder(shards, measures().less(written.left()));
    }

    /** Of the dataset as it was. */
    private Measures measures() throws IOException {
        Dataset dataset = existing.dataset();
        float[] mean = dataset.meanImageValues(target, spark.hadoopConfiguration());
        return new Measures(dataset.shorterSides(), PixelSums.of(dataset.statistics(), mean, source.side()));
    }

    /**
     * What stays.
     *
     * @param shards in their order, those that were written anew in the places of the others
     * @param measures of what is in them
     */
    record Remainder(Map<Split, List<Shard>> shards, Measures measures) {}

    /** Shards that must be written anew, each with the keys that leave it. */
    private JavaPairRDD<Integer, Set<String>> affected() {
        JavaPairRDD<Integer, Set<String>> affected = leave.mapToPair(row -> new Tuple2<>(row.place, Set.of(row.key)))
                .reduceByKey(Changes::union, Math.max(1, places.size()));
        if (IntStream.range(0, relabel.length).allMatch(label -> relabel[label] == label)) {
            return affected;
        }
        List<Tuple2<Integer, Set<String>>> all = IntStream.range(0, places.size())
                .mapToObj(place -> new Tuple2<>(place, Set.<String>of()))
                .toList();
        return affected.union(spark.parallelizePairs(all, all.size())).reduceByKey(Changes::union);
    }

    private static Set<String> union(Set<String> a, Set<String> b) {
        Set<String> both = new HashSet<>(a);
        both.addAll(b);
        return both;
    }

    @Override
    public void close() {
        stay.unpersist();
        leave.unpersist();
    }
}
