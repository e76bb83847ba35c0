package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.WorkerReport;
import java.io.Serializable;

/**
 * A worker's part of one slice, on its way to the task that averages this slice.
 *
 * @param report with moments only in the slice of the reports
 */
record Piece(WorkerReport report, FloatBlock values) implements Serializable {}
