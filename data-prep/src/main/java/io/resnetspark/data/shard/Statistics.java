package io.resnetspark.data.shard;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.Serializable;

/**
 * What training subtracts and draws from, over the training split, in levels of 0 to 255.
 *
 * @param images that were measured, a centre crop of each
 * @param mean of red, green and blue
 * @param std of red, green and blue
 * @param covariance of red, green and blue
 * @param principalComponents of the covariance, each as long as the deviation along it, the longest first
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Statistics(
        @JsonProperty("pictures") long images,
        double[] mean,
        @JsonProperty("deviation") double[] std,
        double[][] covariance,
        double[][] principalComponents)
        implements Serializable {}
