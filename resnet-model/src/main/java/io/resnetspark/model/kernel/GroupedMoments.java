package io.resnetspark.model.kernel;

import io.resnetspark.model.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How the pixels of a batch are grouped to take their moments: each channel of each image in pieces of equal size, so
 * that sums in float stay short. The joined moments are worked out in double.
 *
 * <p>Groups are counted as memory has them: batch, block of channels, piece, channel within its block.
 *
 * @param batch images
 * @param channels of an image
 * @param block channels that lie beside each other; 1 in plain NCHW
 * @param pieces of each channel of an image
 * @param pixelsPerGroup pixels of a piece
 */
record GroupedMoments(long batch, int channels, int block, int pieces, int pixelsPerGroup) {
    /** Few enough for a sum in float and for the first cache, and enough that the groups are few. */
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
     * Chan, Golub and LeVeque's rule for groups of equal size: the mean of means, and the mean of variances plus the
     * variance of means.
     *
     * @param means of each group
     * @param variances of each group, biased
     * @param mean where that of each channel goes
     * @param variance where that of each channel goes, biased
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
