package io.resnetspark.dashboard;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.report.RunSummary;
import io.resnetspark.retrain.Outcome;

/**
 * All that a page shows of a run.
 *
 * @param summary with its curves; null if it cannot be read
 * @param outcome of a retraining that ended; null of other runs
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RunDetails(RunRow row, RunSummary summary, Outcome outcome) {}
