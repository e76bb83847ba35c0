/**
 * Evaluation as a Spark job, with one crop or ten of an image, or both in one pass. Training, retraining and the
 * command line use it.
 */
package io.resnetspark.train.evaluate;
