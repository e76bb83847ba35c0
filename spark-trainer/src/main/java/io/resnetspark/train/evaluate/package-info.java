/**
 * Evaluation as a Spark job, by one crop, ten or whole images at several scales, of one model or an ensemble, in one
 * pass; and its metrics. Training, retraining and the command line use it.
 */
package io.resnetspark.train.evaluate;
