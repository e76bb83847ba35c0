package io.resnetspark.prepare;

import io.resnetspark.storage.Utf8;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Images that earlier runs quarantined: reasons by escaped key.
 *
 * @param retained images whose files are unchanged, and that are still bad for the same reason
 * @param released all others: removed, or read again
 */
record PreviousQuarantine(JavaPairRDD<String, String> retained, JavaPairRDD<String, String> released) {
    static PreviousQuarantine empty(JavaSparkContext spark) {
        JavaPairRDD<String, String> none = JavaPairRDD.fromJavaRDD(spark.emptyRDD());
        return new PreviousQuarantine(none, none);
    }

    /** Counts retained images by category. */
    Map<String, Integer> countsByCategory() {
        Map<String, Integer> counts = new TreeMap<>();
        retained.values()
                .map(CheckSummary::category)
                .countByValue()
                .forEach((category, count) -> counts.put(category, Math.toIntExact(count)));
        return counts;
    }

    List<String> retainedLines() {
        return lines(retained);
    }

    List<String> releasedLines() {
        return lines(released);
    }

    private static List<String> lines(JavaPairRDD<String, String> reasons) {
        return reasons.map(line -> QuarantineTable.line(Utf8.unescapeLine(line._1), line._2))
                .collect();
    }
}
