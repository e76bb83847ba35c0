package io.resnetspark.train;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.prepare.SyntheticCorpora;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;

/** A Spark in this JVM and a small dataset of three colours, which the tests of a class share. */
public abstract class ThreeColours {
    @TempDir
    protected static Path folder;

    protected static JavaSparkContext spark;
    protected static Path corpus;
    protected static Dataset.Opened data;

    /**
     * For a class's {@code @BeforeAll}.
     *
     * @param train images of each colour to train on
     * @param val images of each colour to validate on
     * @param side of each image, in pixels
     * @param shardBytes about how many bytes a shard has
     */
    protected static void prepare(int train, int val, int side, long shardBytes) throws IOException {
        spark = SyntheticCorpora.spark("local[2]");
        corpus = SyntheticCorpora.folders(folder.resolve("corpus"), train, val, side);
        data = SyntheticCorpora.prepare(
                spark, corpus, folder.resolve("data").toUri().toString(), shardBytes);
    }

    @AfterAll
    protected static void stop() {
        spark.close();
    }

    protected static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }
}
