package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.WorkerReport;
import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.DoubleAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * What Spark's pages and its event log show of the local steps, a task and a stage at a time. A task that is run again is
 * counted again; metrics.jsonl counts what went into the model.
 */
record StageCounters(LongAccumulator images, DoubleAccumulator reading, DoubleAccumulator computing)
        implements Serializable {
    static StageCounters of(SparkContext spark) {
        return new StageCounters(
                spark.longAccumulator("images trained on"),
                spark.doubleAccumulator("seconds of reading"),
                spark.doubleAccumulator("seconds of computing"));
    }

    void add(WorkerReport report) {
        images.add(report.examples());
        reading.add(report.reading());
        computing.add(report.computing());
    }
}
