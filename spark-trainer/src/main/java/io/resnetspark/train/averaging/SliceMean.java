package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.WorkerReport;
import java.io.Serializable;
import java.util.List;

/**
 * The mean of a slice over the workers, on its way to the driver.
 *
 * @param values empty in the slice of the reports
 * @param reports of all workers, without moments; empty in all other slices
 * @param moments their mean
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record SliceMean(int slice, FloatBlock values, List<WorkerReport> reports, double[] moments) implements Serializable {}
