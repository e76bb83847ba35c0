package io.resnetspark.data.shard;

import java.io.Serializable;

/**
 * What training subtracts and draws from, over the training split, in levels of 0 to 255.
 *
 * @param pictures that were measured, a centre crop of each
 * @param mean of red, green and blue
 * @param deviation of red, green and blue
 * @param covariance of red, green and blue
 * @param principalComponents of the covariance, each as long as the deviation along it, the longest first
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Statistics(
        long pictures, double[] mean, double[] deviation, double[][] covariance, double[][] principalComponents)
        implements Serializable {}
