/**
 * What a dataset is: dataset.json, its splits, classes and statistics, and its Parquet shards. Preparation writes it;
 * training, evaluation and retraining read it.
 */
package io.resnetspark.dataset;
