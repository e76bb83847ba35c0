package io.resnetspark.prepare;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.prepare.PrepareSettings.DuplicatePolicy;
import io.resnetspark.source.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Small corpora of generated images, and a local Spark context. */
public final class SyntheticCorpora {
    private static final List<String> CLASSES = List.of("blue", "green", "red");

    private SyntheticCorpora() {}

    public static JavaSparkContext spark(String master) {
        return new JavaSparkContext(new SparkConf()
                .setMaster(master)
                .setAppName("test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1"));
    }

    /** Class folders below train and val, three classes that differ in color. */
    public static Path folders(Path root, int train, int val, int side) throws IOException {
        for (int label = 0; label < CLASSES.size(); label++) {
            for (int i = 0; i < train + val; i++) {
                Path file = root.resolve(i < train ? "train" : "val")
                        .resolve(CLASSES.get(label))
                        .resolve(i + ".png");
                Files.createDirectories(file.getParent());
                int hue = CLASSES.size() - 1 - label;
                Files.write(file, ImageCodec.png(SyntheticImages.ofClass(hue, side, side, 100L * label + i)));
            }
        }
        return root;
    }

    /** Prepares class folders into shards of about this many bytes. */
    public static Dataset.Opened prepare(JavaSparkContext spark, Path folders, String to, long shardBytes)
            throws IOException {
        org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path(to);
        new Prepare(
                        spark,
                        Sources.open(
                                "folders", new org.apache.hadoop.fs.Path(folders.toUri()), spark.hadoopConfiguration()),
                        target,
                        // Some tests need the same image twice.
                        new PrepareSettings(480, false, shardBytes, 0, DuplicatePolicy.KEEP, ImageCodec.Limits.DEFAULT))
                .execute(Progress.silent());
        return Dataset.open(target, spark.hadoopConfiguration());
    }
}
