package io.resnetspark.dataset;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;

/**
 * Statistics of the training split, which normalization and PCA lighting use, in levels of 0 to 255.
 *
 * @param images measured, a center crop of each
 * @param mean of red, green and blue
 * @param std standard deviation of red, green and blue
 * @param covariance of red, green and blue
 * @param principalComponents of the covariance, each scaled by the standard deviation along it, the largest first
 */
@JsonPropertyOrder({"pictures", "mean", "deviation", "covariance", "principal_components"})
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Statistics(
        @JsonProperty("pictures") long images,
        double[] mean,
        @JsonProperty("deviation") double[] std,
        double[][] covariance,
        double[][] principalComponents)
        implements Serializable {}
