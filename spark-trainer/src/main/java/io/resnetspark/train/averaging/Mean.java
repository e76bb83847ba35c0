package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.WorkerReport;
import java.util.List;

/**
 * What the workers of a round came to, on average.
 *
 * @param parameters all but the running statistics; those are in the moments
 * @param velocity empty where it is not averaged
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record Mean(float[] parameters, float[] velocity, List<WorkerReport> reports, double[] moments) {}
