/**
 * Networks as data: each is a line of numbers ({@link Networks}), put together by one function a family ({@link
 * Network}), counted from the table alone ({@link Census}, {@link MemoryEstimate}). Knows neither Spark nor Hadoop nor
 * images; its packages below it, training and deploy may depend on it.
 */
package io.resnetspark.model;
