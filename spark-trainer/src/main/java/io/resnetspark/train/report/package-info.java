/**
 * Metrics, a JSON object a line, and TensorBoard's events, both while a run goes on. The run and its checkpoints use
 * it.
 */
package io.resnetspark.train.report;
