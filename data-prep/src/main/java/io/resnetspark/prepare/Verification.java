package io.resnetspark.prepare;

import io.resnetspark.common.Progress;
import io.resnetspark.common.TaskProgress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/** Reads a whole dataset again, as a Spark job: checks every digest and label, and decodes every image. */
public final class Verification {
    private Verification() {}

    /** The problems found, a sentence each; empty if there are none. */
    public static List<String> problems(JavaSparkContext spark, Dataset.Opened opened, Progress progress)
            throws IOException {
        List<String> problems = new ArrayList<>();
        try {
            opened.dataset().meanImageValues(opened.path(), spark.hadoopConfiguration());
        } catch (BadInputException | FileNotFoundException damaged) {
            problems.add(damaged.getMessage());
        }
        List<Shard> shards = opened.dataset().splits().values().stream()
                .flatMap(List::stream)
                .toList();
        String folder = opened.path().toString();
        int classes = opened.dataset().classes().size();
        boolean hasRowDigests = opened.dataset().format() > 1;
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        spark.setCallSite("Read every shard again and check it");
        JavaRDD<String> found = spark.parallelize(shards, Math.max(1, shards.size()))
                .flatMap(shard -> problems(shard, folder, classes, hasRowDigests, conf.value())
                        .iterator());
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("verify", "shards", shards.size()), shards.size(), found)) {
            problems.addAll(found.collect());
        }
        return problems;
    }

    private static List<String> problems(
            Shard shard, String folder, int classes, boolean hasRowDigests, Configuration conf) throws IOException {
        Path file = new Path(folder, shard.path());
        List<Example> examples;
        try {
            examples = Shards.read(file, shard.digest(), conf);
        } catch (DamagedException | FileNotFoundException damaged) {
            return List.of(shard.path() + ": " + damaged.getMessage());
        }
        List<String> problems = new ArrayList<>();
        if (examples.size() != shard.examples()) {
            problems.add(shard.path() + " has " + examples.size() + " images, not " + shard.examples());
        }
        if (hasRowDigests) {
            Shards.rowsWithWrongDigest(file, conf)
                    .forEach(key -> problems.add(shard.path() + ": " + key + " is not the image of its row's SHA-256"));
        }
        for (Example example : examples) {
            try {
                ImageCodec.decode(example.bytes(), ImageCodec.Limits.NONE);
            } catch (BadImageException bad) {
                problems.add(shard.path() + ": " + example.key() + " is " + bad.getMessage());
            }
            if (example.label() < 0 || example.label() >= classes) {
                problems.add(shard.path() + ": " + example.key() + " has label " + example.label() + " of " + classes);
            }
        }
        return problems;
    }
}
