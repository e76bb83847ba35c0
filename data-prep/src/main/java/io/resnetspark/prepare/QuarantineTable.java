package io.resnetspark.prepare;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.storage.Renames;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * Tables in quarantine/ that list the quarantined images: one line each with escaped key, reason and file. Earlier
 * versions wrote no file.
 */
final class QuarantineTable {
    static final String FOLDER = "quarantine";

    private QuarantineTable() {}

    /** The table of a run. */
    static String name(String run) {
        return run.equals("first") ? "reasons.tsv" : "reasons-" + run + ".tsv";
    }

    static String line(String key, String reason) {
        return Utf8.escapeLine(key) + "\t" + asWritten(reason) + "\t" + QuarantineName.of(key) + "\n";
    }

    /** A reason as the table has it, on one line. */
    static String asWritten(String reason) {
        return reason.replaceAll("\\s+", " ");
    }

    /** Reasons by escaped key, of some runs; a run without bad images has no table. */
    static JavaPairRDD<String, String> read(JavaSparkContext spark, Path dataset, List<String> runs)
            throws IOException {
        Path folder = new Path(dataset, FOLDER);
        List<String> wanted = runs.stream().map(QuarantineTable::name).toList();
        List<Path> tables = Arrays.stream(Renames.list(folder, spark.hadoopConfiguration()))
                .map(FileStatus::getPath)
                .filter(file -> wanted.contains(file.getName()))
                .toList();
        return TextFiles.lines(spark, tables).mapToPair(line -> new Tuple2<>(fields(line)[0], fields(line)[1]));
    }

    /** The lines of a run's table; none if there is no table. */
    static List<String> lines(JavaSparkContext spark, Path dataset, String run) throws IOException {
        Path table = new Path(dataset, FOLDER + "/" + name(run));
        return table.getFileSystem(spark.hadoopConfiguration()).exists(table)
                ? TextFiles.lines(spark, List.of(table)).collect()
                : List.of();
    }

    /** Whether the image was excluded as a duplicate, and not because it is bad. */
    static boolean isDuplicate(String reason) {
        return Dataset.isDuplicate(reason);
    }

    /** Escaped key, reason and, if present, file. */
    private static String[] fields(String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length <= 3) {
            return fields;
        }
        int last = line.lastIndexOf('\t'); // of an earlier version, which did not escape tabs in keys
        return new String[] {line.substring(0, last), line.substring(last + 1)};
    }

    /** The file of a line, relative to the quarantine. */
    static String file(String line) {
        String[] fields = fields(line.stripTrailing());
        return fields.length == 3 ? fields[2] : QuarantineName.of(Utf8.unescapeLine(fields[0]));
    }
}
