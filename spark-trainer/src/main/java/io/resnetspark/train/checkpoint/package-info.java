/**
 * What the driver of a run holds between two rounds, written where the run lies and read again. The run uses it, and
 * whoever asks whether a run can resume.
 */
package io.resnetspark.train.checkpoint;
