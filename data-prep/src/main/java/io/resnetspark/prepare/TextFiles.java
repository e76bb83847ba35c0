package io.resnetspark.prepare;

import io.resnetspark.storage.Renames;
import io.resnetspark.storage.UserFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Lines of text files, one task per file. Spark's own textFile treats commas and brackets in folder names as patterns.
 */
final class TextFiles {
    private static final String GZIP_SUFFIX = ".gz";

    private TextFiles() {}

    /** Lines of a folder's gzip files. */
    static JavaRDD<String> linesInFolder(JavaSparkContext spark, Path folder) {
        try {
            return lines(
                    spark,
                    Stream.of(Renames.list(folder, spark.hadoopConfiguration()))
                            .map(file -> file.getPath())
                            .filter(file -> file.getName().endsWith(GZIP_SUFFIX))
                            .toList());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static JavaRDD<String> lines(JavaSparkContext spark, List<Path> files) {
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<String> names = files.stream().map(Path::toString).toList();
        return spark.parallelize(names, Math.max(1, names.size()))
                .flatMap(name -> lines(name, conf.value()).iterator());
    }

    private static Stream<String> lines(String name, Configuration conf) throws IOException {
        InputStream file = UserFiles.open(new Path(name), conf);
        InputStream text = name.endsWith(GZIP_SUFFIX) ? new GZIPInputStream(file) : file;
        return new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8)).lines();
    }
}
