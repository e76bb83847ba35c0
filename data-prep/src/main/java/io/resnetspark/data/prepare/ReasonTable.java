package io.resnetspark.data.prepare;

import io.resnetspark.storage.Renames;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** Tables in quarantine/ of what was set aside and why: a line a picture, its escaped key and the reason. */
final class ReasonTable {
    static final String FOLDER = "quarantine";

    private ReasonTable() {}

    /** Of a run. */
    static String name(String run) {
        return run.equals("first") ? "reasons.tsv" : "reasons-" + run + ".tsv";
    }

    static String line(String key, String reason) {
        return Inventory.escaped(key) + "\t" + reason.replaceAll("\\s+", " ") + "\n";
    }

    /** Reasons by escaped key, of some runs; those in which nothing was bad have no table. */
    static JavaPairRDD<String, String> read(JavaSparkContext spark, Path dataset, List<String> runs)
            throws IOException {
        Path folder = new Path(dataset, FOLDER);
        List<String> wanted = runs.stream().map(ReasonTable::name).toList();
        return Arrays.stream(Renames.list(folder, spark.hadoopConfiguration()))
                .map(file -> file.getPath().getName())
                .filter(wanted::contains)
                .map(name -> spark.textFile(new Path(folder, name).toString()))
                .reduce(spark.emptyRDD(), JavaRDD::union)
                .mapToPair(line -> {
                    int tab = line.lastIndexOf('\t'); // a key may have some, a reason none
                    return new Tuple2<>(line.substring(0, tab), line.substring(tab + 1));
                });
    }

    /** Whether it was set aside for what else there is, and not for what it is. */
    static boolean isDouble(String reason) {
        return reason.startsWith("double");
    }

    /** A place below the quarantine, whatever the key: lists name pictures anywhere. */
    static String fileName(String key) {
        return key.replace(':', '-').replaceAll("(^|/)\\.\\.?(?=/|$)", "$1_").replaceFirst("^/+", "");
    }

    /** The key of a line. */
    static String key(String line) {
        String escaped = line.substring(0, line.lastIndexOf('\t'));
        return escaped.replace("\\\\", "\0")
                .replace("\\n", "\n")
                .replace("\\r", "\r")
                .replace("\0", "\\");
    }
}
