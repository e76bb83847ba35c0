/**
 * Batch scoring: a Spark job that classifies images wherever they lie, labelled or not, and writes a table. The command
 * line uses it.
 */
package io.resnetspark.score;
