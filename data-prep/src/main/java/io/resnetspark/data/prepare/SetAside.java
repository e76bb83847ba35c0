package io.resnetspark.data.prepare;

import io.resnetspark.storage.Utf8;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What earlier runs set aside, by escaped key, with the reasons.
 *
 * @param holding whose files are as they were
 * @param released all others: they are gone, or read again
 */
record SetAside(JavaPairRDD<String, String> holding, JavaPairRDD<String, String> released) {
    static SetAside nothing(JavaSparkContext spark) {
        JavaPairRDD<String, String> none = JavaPairRDD.fromJavaRDD(spark.emptyRDD());
        return new SetAside(none, none);
    }

    /** Counts what holds, by kind. */
    Map<String, Integer> kinds() {
        Map<String, Integer> kinds = new TreeMap<>();
        holding.values()
                .map(Summary::category)
                .countByValue()
                .forEach((kind, count) -> kinds.put(kind, Math.toIntExact(count)));
        return kinds;
    }

    List<String> holdingLines() {
        return lines(holding);
    }

    List<String> releasedLines() {
        return lines(released);
    }

    private static List<String> lines(JavaPairRDD<String, String> reasons) {
        return reasons.map(line -> ReasonTable.line(Utf8.fromOneLine(line._1), line._2))
                .collect();
    }
}
