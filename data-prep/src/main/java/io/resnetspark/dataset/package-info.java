/**
 * What a dataset is (dataset.json), its Parquet shards, and the order in which an epoch visits their images.
 * Preparation, training and evaluation use it.
 */
package io.resnetspark.dataset;
