/**
 * Metrics, a JSON object a line, and TensorBoard's events, both written during the run. The run and its checkpoints use
 * it.
 */
package io.resnetspark.train.report;
