/**
 * Networks as data: each is a line of numbers ({@link Networks}), put together by one function a family ({@link
 * Network}), counted from the table alone ({@link ModelSummary}, {@link MemoryEstimate}). Knows neither Spark nor
 * Hadoop nor images; the packages below it, training, the cluster check and the command line use it.
 */
package io.resnetspark.model;
