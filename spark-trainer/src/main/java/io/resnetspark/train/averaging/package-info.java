/**
 * A round on Spark: state out, local steps, weighted mean back; and dl4j-spark's engine behind the same interface. The
 * run, its checkpoints and its metrics use it.
 */
package io.resnetspark.train.averaging;
