/**
 * The Spark job that makes a dataset: list, read, check, shuffle, write shards, measure. It resumes after a kill,
 * grows a dataset and verifies one. The command line and retraining run it.
 */
package io.resnetspark.prepare;
