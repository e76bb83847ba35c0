package io.resnetspark.data.shard;

import java.io.Serializable;

/**
 * What training subtracts and draws from, over the training split, in levels of 0 to 255.
 *
 * @param mean of red, green and blue
 * @param deviation of red, green and blue
 * @param covariance of red, green and blue
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Statistics(double[] mean, double[] deviation, double[][] covariance) implements Serializable {}
