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
    /** What {@link RoundProgress} follows. */
    static final String IMAGES = "images trained on";

    static StageCounters of(SparkContext spark) {
        return new StageCounters(
                spark.longAccumulator(IMAGES),
                spark.doubleAccumulator("seconds of reading"),
                spark.doubleAccumulator("seconds of computing"));
    }

    /** At the end of a task; images are counted as it goes. */
    void add(WorkerReport report) {
        reading.add(report.reading());
        computing.add(report.computing());
    }
}
