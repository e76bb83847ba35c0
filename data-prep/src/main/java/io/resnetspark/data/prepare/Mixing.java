package io.resnetspark.data.prepare;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Seeds;
import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.storage.Draft;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Renames;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
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
    private final Broadcast<Map<String, String>> surplus;

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
        this.surplus = spark.broadcast(byKey);
    }

    /**
     * Writes the shards of a split.
     *
     * @param first number of the first one
     */
    List<Shard> write(Split split, int first, Summary summary, long shardBytes, Progress progress) throws IOException {
        if (summary.images(split) == 0) {
            return List.of();
        }
        int shards = Math.toIntExact((summary.bytes(split) - 1) / shardBytes + 1);
        String folder = new Path(draft.path(), split.folder()).toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        LongAccumulator rows = spark.sc().longAccumulator("pictures written");
        List<String> names = classes;
        Broadcast<Map<String, String>> gone = surplus;
        JavaRDD<Shard> written = staging.pictures(split)
                .filter(picture -> !gone.value().containsKey(picture.example().key()))
                .mapToPair(picture -> new Tuple2<>(Seeds.hash(picture.example().key()), picture.example()))
                .repartitionAndSortWithinPartitions(new ByHash(shards))
                .mapPartitions(examples -> {
                    int number = first + TaskContext.getPartitionId();
                    String name = String.format(Locale.ROOT, "part-%05d.parquet", number);
                    Shards.Written shard = write(examples, names, new Path(folder, name), conf.value());
                    rows.add(shard.examples());
                    return List.of(new Shard(split.folder() + "/" + name, shard.examples(), shard.digest()))
                            .iterator();
                });
        List<Shard> all;
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("write " + split.folder(), "shards", shards), shards, written)) {
            all = new ArrayList<>(written.collect());
        }
        sweep(new Path(folder));
        return all;
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

    /** What attempts left that failed or were overtaken. */
    private void sweep(Path folder) throws IOException {
        FileSystem files = Draft.fileSystem(folder, spark.hadoopConfiguration());
        for (FileStatus file : files.listStatus(folder, path -> path.getName().startsWith("."))) {
            files.delete(file.getPath(), false);
        }
    }

    /** Bad pictures, written where they were read; and why each is bad, in a table for each run. */
    void quarantine(String run) throws IOException {
        String folder = new Path(draft.path(), "quarantine").toString();
        String attempts = new Path(draft.path(), ".attempts").toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        Broadcast<Map<String, String>> gone = surplus;
        JavaRDD<Checked> aside = staging.bad();
        if (!gone.value().isEmpty()) {
            for (Split split : Split.values()) {
                aside = aside.union(staging.pictures(split)
                        .filter(picture ->
                                gone.value().containsKey(picture.example().key())));
            }
        }
        List<String> reasons = aside.map(picture -> {
                    String key = picture.example().key();
                    String name = QuarantineName.of(key);
                    Path file = Locations.child(new Path(folder), name);
                    Path attempt = new Path(attempts, Attempt.name());
                    try (OutputStream out = Draft.fileSystem(file, conf.value()).create(attempt, true)) {
                        out.write(picture.example().bytes());
                    }
                    file.getFileSystem(conf.value()).mkdirs(file.getParent());
                    Renames.replace(attempt, file, conf.value());
                    String reason = picture.isGood() ? gone.value().get(key) : picture.reason();
                    return Utf8.oneLine(key) + "\t" + reason.replaceAll("\\s+", " ") + "\t" + name + "\n";
                })
                .collect();
        Path left = new Path(attempts);
        left.getFileSystem(spark.hadoopConfiguration()).delete(left, true);
        if (!reasons.isEmpty()) {
            String table = reasons.stream().sorted().collect(Collectors.joining());
            String name = run.equals("first") ? "reasons.tsv" : "reasons-" + run + ".tsv";
            draft.write("quarantine/" + name, table.getBytes(StandardCharsets.UTF_8));
        }
    }
}
