package io.resnetspark.prepare;

import io.resnetspark.common.Progress;
import io.resnetspark.common.Seeds;
import io.resnetspark.common.TaskProgress;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.Locations;
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

/** Writes checked images as shards, each a random sample of all; and bad ones unchanged to quarantine/. */
final class ShardWriter {
    private final JavaSparkContext spark;
    private final Staging staging;
    private final List<String> classes;
    private final AtomicDirectory directory;
    /** Keys of good images that are excluded as duplicates, with the reason. */
    private final Broadcast<Map<String, String>> excluded;

    ShardWriter(
            JavaSparkContext spark,
            Staging staging,
            Map<Duplicates.Copy, String> duplicates,
            List<String> classes,
            AtomicDirectory directory) {
        this.spark = spark;
        this.staging = staging;
        this.classes = classes;
        this.directory = directory;
        Map<String, String> byKey = new HashMap<>();
        duplicates.forEach((copy, reason) -> byKey.put(copy.key(), reason));
        this.excluded = spark.broadcast(byKey);
    }

    /**
     * Writes the shards of a split.
     *
     * @param version of the dataset; file names of the first one do not contain it
     */
    List<Shard> writeShards(Split split, int version, CheckSummary summary, long shardBytes, Progress progress)
            throws IOException {
        if (summary.images().total(split) == 0) {
            return List.of();
        }
        int shards = Math.toIntExact((summary.bytes(split) - 1) / shardBytes + 1);
        String folder = new Path(directory.path(), split.folder()).toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        LongAccumulator rows = spark.sc().longAccumulator("images written");
        List<String> names = classes;
        String suffix = version == 1 ? "" : "-v" + version;
        Broadcast<Map<String, String>> excludedKeys = excluded;
        JavaRDD<Shard> written = staging.images(split)
                .filter(image ->
                        !excludedKeys.value().containsKey(image.example().key()))
                .mapToPair(image -> new Tuple2<>(Seeds.hash(image.example().key()), image.example()))
                .repartitionAndSortWithinPartitions(new HashRangePartitioner(shards))
                .mapPartitions(examples -> {
                    String name =
                            String.format(Locale.ROOT, "part-%05d%s.parquet", TaskContext.getPartitionId(), suffix);
                    Shards.WrittenShard shard = writeShards(examples, names, new Path(folder, name), conf.value());
                    rows.add(shard.examples());
                    return List.of(new Shard(split.folder() + "/" + name, shard.examples(), shard.digest()))
                            .iterator();
                });
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("write " + split.folder(), "shards", shards), shards, written)) {
            return written.collect();
        }
    }

    private static Shards.WrittenShard writeShards(
            Iterator<Tuple2<Long, Example>> examples, List<String> classes, Path file, Configuration conf)
            throws IOException {
        if (file.getFileSystem(conf).exists(file)) {
            return Shards.written(file, conf); // by a job that was interrupted later
        }
        Iterator<Example> rows = StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(examples, Spliterator.ORDERED), false)
                .map(Tuple2::_2)
                .iterator();
        Path attempt = new Path(file.getParent(), "." + file.getName() + "." + TaskAttempt.name());
        Shards.WrittenShard written = Shards.write(rows, classes, attempt, conf);
        Renames.replace(attempt, file, conf);
        return written;
    }

    /** Deletes the files of failed or overtaken task attempts. */
    void deleteAttempts() throws IOException {
        for (Split split : Split.values()) {
            Path folder = new Path(directory.path(), split.folder());
            for (FileStatus file : Renames.list(folder, spark.hadoopConfiguration())) {
                if (file.getPath().getName().startsWith(".")) {
                    AtomicDirectory.fileSystem(folder, spark.hadoopConfiguration())
                            .delete(file.getPath(), false);
                }
            }
        }
    }

    /** Statistics of good images that are excluded. */
    StatisticsAccumulator excludedStatistics(int side) {
        return excludedImages()
                .mapPartitions(images -> {
                    StatisticsAccumulator accumulator = new StatisticsAccumulator(side);
                    images.forEachRemaining(image -> accumulator.add(image.split(), image.example()));
                    return List.of(accumulator).iterator();
                })
                .treeAggregate(
                        new StatisticsAccumulator(side), StatisticsAccumulator::merge, StatisticsAccumulator::merge);
    }

    /** Keys of all images that are written to shards. */
    JavaRDD<String> includedKeys() {
        Broadcast<Map<String, String>> excludedKeys = excluded;
        return staging.goodKeys().filter(key -> !excludedKeys.value().containsKey(key));
    }

    private JavaRDD<CheckedImage> excludedImages() {
        Broadcast<Map<String, String>> excludedKeys = excluded;
        if (excludedKeys.value().isEmpty()) {
            return spark.emptyRDD(); // avoids reading all images
        }
        return Stream.of(Split.values())
                .map(staging::images)
                .reduce(spark.emptyRDD(), JavaRDD::union)
                .filter(image ->
                        excludedKeys.value().containsKey(image.example().key()));
    }

    /**
     * Writes bad images unchanged, and the run's table of reasons.
     *
     * @param earlier lines of earlier tables that this one replaces
     * @return the table's lines
     */
    List<String> quarantine(String run, List<String> earlier) throws IOException {
        String folder = new Path(directory.path(), QuarantineTable.FOLDER).toString();
        String attempts = new Path(directory.path(), ".attempts").toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        Broadcast<Map<String, String>> excludedKeys = excluded;
        JavaRDD<CheckedImage> quarantined = staging.badImages().union(excludedImages());
        List<String> reasons = quarantined
                .map(image -> {
                    String key = image.example().key();
                    Path file = Locations.child(new Path(folder), QuarantineName.of(key));
                    Path attempt = new Path(attempts, TaskAttempt.name());
                    try (OutputStream out =
                            AtomicDirectory.fileSystem(file, conf.value()).create(attempt, true)) {
                        out.write(image.example().bytes());
                    }
                    file.getFileSystem(conf.value()).mkdirs(file.getParent());
                    Renames.replace(attempt, file, conf.value());
                    return QuarantineTable.line(
                            key, image.isGood() ? excludedKeys.value().get(key) : image.reason());
                })
                .collect();
        Path left = new Path(attempts);
        left.getFileSystem(spark.hadoopConfiguration()).delete(left, true);
        List<String> lines =
                Stream.concat(reasons.stream(), earlier.stream()).sorted().toList();
        if (!lines.isEmpty()) {
            directory.write(
                    QuarantineTable.FOLDER + "/" + QuarantineTable.name(run),
                    String.join("", lines).getBytes(StandardCharsets.UTF_8));
        }
        return lines;
    }
}
