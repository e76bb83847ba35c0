package io.resnetspark.model.kernel;

import io.resnetspark.model.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Groups the pixels of a batch to compute their moments: each channel of each image is divided into pieces of equal
 * size, so that float sums stay short. The moments are combined in double.
 *
 * <p>Groups are numbered in memory order: batch, block of channels, piece, channel within its block.
 *
 * @param batch images
 * @param channels of an image
 * @param block channels that are contiguous; 1 in plain NCHW
 * @param pieces per channel of an image
 * @param pixelsPerGroup pixels of a piece
 */
record GroupedMoments(long batch, int channels, int block, int pieces, int pixelsPerGroup) {
    /** Few enough for a float sum and the L1 cache, and enough to keep the groups few. */
    private static final int MAX_PIXELS = 512;

    static GroupedMoments of(long batch, Shape shape, int block) {
        int pixels = shape.height() * shape.width();
        int perGroup = Math.min(pixels, MAX_PIXELS);
        while (pixels % perGroup != 0) {
            perGroup--;
        }
        return new GroupedMoments(batch, shape.channels(), block, pixels / perGroup, perGroup);
    }

    long count() {
        return batch * channels * pieces;
    }

    /**
     * Combines groups of equal size by the rule of Chan, Golub and LeVeque: the mean of means, and the mean of
     * variances plus the variance of means.
     *
     * @param means of each group
     * @param variances of each group, biased
     * @param mean receives that of each channel
     * @param variance receives that of each channel, biased
     */
    void join(double[] means, double[] variances, INDArray mean, INDArray variance) {
        double share = (double) channels / count();
        double[] joinedMeans = new double[channels];
        double[] joinedVariances = new double[channels];
        forEach((group, channel) -> joinedMeans[channel] += share * means[group]);
        forEach((group, channel) -> {
            double distance = means[group] - joinedMeans[channel];
            joinedVariances[channel] += share * (variances[group] + distance * distance);
        });
        mean.assign(Nd4j.createFromArray(joinedMeans).reshape(mean.shape()));
        variance.assign(Nd4j.createFromArray(joinedVariances).reshape(variance.shape()));
    }

    private void forEach(Visitor visitor) {
        int neighbours = block * pieces;
        for (int first = 0; first < count(); first += neighbours) {
            int channel = first / pieces % channels;
            for (int i = 0; i < neighbours; i++) {
                visitor.visit(first + i, channel + i % block);
            }
        }
    }

    private interface Visitor {
        void visit(int group, int channel);
    }
}
