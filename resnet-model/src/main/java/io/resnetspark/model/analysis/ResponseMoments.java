package io.resnetspark.model.analysis;

/**
 * Mean and variance of a layer's responses, from the outputs of its convolution before batch normalisation, which the
 * graph does not show after it: it is one step with the non-linearity.
 *
 * <p>Batch normalisation of evaluation is linear in each channel: r = gamma (x - mean) / sqrt(variance + eps) + beta. So
 * the response's mean and variance in a channel follow from those of x; and the layer's variance is the mean of the
 * channels' variances plus the variance of the channels' means (channels have equally many values). All in double.
 */
final class ResponseMoments {
    private final double[] origins;
    private final double[] sums;
    private final double[] squares;
    private long values;

    /** @param origins one for each channel, near its mean: variances are computed of differences from it */
    ResponseMoments(double... origins) {
        this.origins = origins.clone();
        this.sums = new double[origins.length];
        this.squares = new double[origins.length];
    }

    /**
     * Adds outputs of the convolution.
     *
     * @param outputs images x channels x positions
     */
    void add(float[] outputs, int images) {
        int positions = outputs.length / images / origins.length;
        int next = 0;
        for (int image = 0; image < images; image++) {
            for (int c = 0; c < origins.length; c++) {
                double sum = 0;
                double square = 0;
                for (int p = 0; p < positions; p++) {
                    double difference = outputs[next++] - origins[c];
                    sum += difference;
                    square += difference * difference;
                }
                sums[c] += sum;
                squares[c] += square;
            }
        }
        values += (long) images * positions;
    }

    /**
     * The standard deviation over all images, channels and positions.
     *
     * @param scale of each channel: gamma / sqrt(variance + eps)
     * @param shift of each channel: the response where the convolution's output is the channel's origin
     */
    double standardDeviation(double[] scale, double[] shift) {
        int channels = origins.length;
        double[] means = new double[channels];
        double variances = 0;
        double mean = 0;
        for (int c = 0; c < channels; c++) {
            double difference = sums[c] / values;
            means[c] = scale[c] * difference + shift[c];
            variances += scale[c] * scale[c] * Math.max(0, squares[c] / values - difference * difference);
            mean += means[c] / channels;
        }
        double between = 0;
        for (double ofChannel : means) {
            between += (ofChannel - mean) * (ofChannel - mean);
        }
        return Math.sqrt((variances + between) / channels);
    }
}
