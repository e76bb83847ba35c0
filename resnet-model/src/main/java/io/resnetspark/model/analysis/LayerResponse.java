package io.resnetspark.model.analysis;

/**
 * How strongly a layer responds.
 *
 * @param layer its name
 * @param channels of its output
 * @param standardDeviation of its responses over images, channels and positions
 * @param normalized whether they were taken after batch normalisation; else they are the convolution's own outputs
 */
public record LayerResponse(String layer, int channels, double standardDeviation, boolean normalized) {}
