package io.resnetspark.data.prepare;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Seeds;
import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.storage.Draft;
import io.resnetspark.storage.Renames;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/** Checked pictures become shards, each a random mixture of all; or files in quarantine/, as they were found. */
final class Mixing {
    private final JavaSparkContext spark;
    private final Staging staging;
    private final List<String> classes;
    private final Draft draft;
    /** Keys of good pictures that have to go all the same, and why. */
    private final Broadcast<Map<String, String>> gone;

    Mixing(
            JavaSparkContext spark,
            Staging staging,
            Map<Duplicates.Copy, String> surplus,
            List<String> classes,
            Draft draft) {
        this.spark = spark;
        this.staging = staging;
        this.classes = classes;
        this.draft = draft;
        Map<String, String> byKey = new HashMap<>();
        surplus.forEach((copy, reason) -> byKey.put(copy.key(), reason));
        this.gone = spark.broadcast(byKey);
    }

    /**
     * Writes the shards of a split.
     *
     * @param version of the dataset; the first one's files say nothing of it in their names
     */
    List<Shard> write(Split split, int version, Summary summary, long shardBytes, Progress progress)
            throws IOException {
        if (summary.images().total(split) == 0) {
            return List.of();
        }
        int shards = Math.toIntExact((summary.bytes(split) - 1) / shardBytes + 1);
        String folder = new Path(draft.path(), split.folder()).toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        LongAccumulator rows = spark.sc().longAccumulator("pictures written");
        List<String> names = classes;
        String suffix = version == 1 ? "" : "-v" + version;
        Broadcast<Map<String, String>> keys = gone;
        JavaRDD<Shard> written = staging.pictures(split)
                .filter(picture -> !keys.value().containsKey(picture.example().key()))
                .mapToPair(picture -> new Tuple2<>(Seeds.hash(picture.example().key()), picture.example()))
                .repartitionAndSortWithinPartitions(new ByHash(shards))
                .mapPartitions(examples -> {
                    String name =
                            String.format(Locale.ROOT, "part-%05d%s.parquet", TaskContext.getPartitionId(), suffix);
                    Shards.Written shard = write(examples, names, new Path(folder, name), conf.value());
                    rows.add(shard.examples());
                    return List.of(new Shard(split.folder() + "/" + name, shard.examples(), shard.digest()))
                            .iterator();
                });
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("write " + split.folder(), "shards", shards), shards, written)) {
            return written.collect();
        }
    }

    private static Shards.Written write(
            Iterator<Tuple2<Long, Example>> examples, List<String> classes, Path file, Configuration conf)
            throws IOException {
        if (file.getFileSystem(conf).exists(file)) {
            return Shards.written(file, conf); // by a job that was ended later on
        }
        Iterator<Example> rows = StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(examples, Spliterator.ORDERED), false)
                .map(Tuple2::_2)
                .iterator();
        Path attempt = new Path(file.getParent(), "." + file.getName() + "." + Attempt.name());
        Shards.Written written = Shards.write(rows, classes, attempt, conf);
        Renames.replace(attempt, file, conf);
        return written;
    }

    /** Removes what attempts left that failed or were overtaken. */
    void sweep() throws IOException {
        for (Split split : Split.values()) {
            Path folder = new Path(draft.path(), split.folder());
            for (FileStatus file : Renames.list(folder, spark.hadoopConfiguration())) {
                if (file.getPath().getName().startsWith(".")) {
                    Draft.fileSystem(folder, spark.hadoopConfiguration()).delete(file.getPath(), false);
                }
            }
        }
    }

    /** What was measured of good pictures that have to go all the same. */
    Measures surplus(int side) {
        return goodButGone()
                .mapPartitions(pictures -> {
                    Measures measures = new Measures(side);
                    pictures.forEachRemaining(picture -> measures.add(picture.split(), picture.example()));
                    return List.of(measures).iterator();
                })
                .treeAggregate(new Measures(side), Measures::merge, Measures::merge);
    }

    /** Of all pictures that come into shards. */
    JavaRDD<String> keys() {
        Broadcast<Map<String, String>> keys = gone;
        return staging.goodKeys().filter(key -> !keys.value().containsKey(key));
    }

    private JavaRDD<Checked> goodButGone() {
        Broadcast<Map<String, String>> keys = gone;
        if (keys.value().isEmpty()) {
            return spark.emptyRDD(); // instead of a look at all
        }
        return Stream.of(Split.values())
                .map(staging::pictures)
                .reduce(spark.emptyRDD(), JavaRDD::union)
                .filter(picture -> keys.value().containsKey(picture.example().key()));
    }

    /**
     * Writes bad pictures as they were read; and why each is bad, in a table for each run.
     *
     * @param earlier lines of earlier tables that this one replaces
     * @return the table's lines
     */
    List<String> quarantine(String run, List<String> earlier) throws IOException {
        String folder = new Path(draft.path(), ReasonTable.FOLDER).toString();
        String attempts = new Path(draft.path(), ".attempts").toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        Broadcast<Map<String, String>> keys = gone;
        JavaRDD<Checked> aside = staging.bad().union(goodButGone());
        List<String> reasons = aside.map(picture -> {
                    String key = picture.example().key();
                    Path file = new Path(folder, ReasonTable.fileName(key));
                    Path attempt = new Path(attempts, Attempt.name());
                    try (OutputStream out = Draft.fileSystem(file, conf.value()).create(attempt, true)) {
                        out.write(picture.example().bytes());
                    }
                    file.getFileSystem(conf.value()).mkdirs(file.getParent());
                    Renames.replace(attempt, file, conf.value());
                    return ReasonTable.line(key, picture.isGood() ? keys.value().get(key) : picture.reason());
                })
                .collect();
        Path left = new Path(attempts);
        left.getFileSystem(spark.hadoopConfiguration()).delete(left, true);
        List<String> lines =
                Stream.concat(reasons.stream(), earlier.stream()).sorted().toList();
        if (!lines.isEmpty()) {
            draft.write(
                    ReasonTable.FOLDER + "/" + ReasonTable.name(run),
                    String.join("", lines).getBytes(StandardCharsets.UTF_8));
        }
        return lines;
    }
}
