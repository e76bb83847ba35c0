package io.resnetspark.prepare;

import io.resnetspark.dataset.Statistics;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.DecodedImage;
import io.resnetspark.image.Image;
import io.resnetspark.image.PrincipalComponents;
import java.io.Serializable;

/**
 * Sums over the center crops of images, of each pixel and of products of channels. Sums of 8-bit values are exact, so
 * the order does not matter. (The sums of a growing dataset are recomputed from its statistics, which are rounded.)
 */
final class PixelSums implements Serializable {
    private static final long serialVersionUID = 1;

    private final int side;
    private final long[] planes;
    private final long[] sum = new long[3];
    private final long[][] products = new long[3][3];
    private long images;
    private transient float[] planesBuffer;
    private transient int[] levels;

    PixelSums(int side) {
        this.side = side;
        this.planes = new long[3 * side * side];
    }

    /** The sums behind a dataset's statistics, so that images can be added. */
    static PixelSums of(Statistics statistics, float[] meanImage, int side) {
        PixelSums sums = new PixelSums(side);
        sums.images = statistics.images();
        double pixels = sums.pixels();
        for (int i = 0; i < meanImage.length; i++) {
            sums.planes[i] = Math.round((double) meanImage[i] * sums.images);
        }
        for (int a = 0; a < 3; a++) {
            sums.sum[a] = Math.round(statistics.mean()[a] * pixels);
            for (int b = a; b < 3; b++) {
                double mean = statistics.covariance()[a][b]
                        + statistics.mean()[a] * statistics.mean()[b];
                sums.products[a][b] = Math.round(mean * pixels);
            }
        }
        return sums;
    }

    void add(Image image, DecodedImage decoded) {
        if (planesBuffer == null) {
            planesBuffer = new float[planes.length];
            levels = new int[planes.length];
        }
        decoded.readPlanes(CropRegion.center(image, scaledSide(), side), planesBuffer);
        for (int i = 0; i < planesBuffer.length; i++) {
            levels[i] = (int) (planesBuffer[i] + 0.5f);
        }
        for (int i = 0; i < levels.length; i++) {
            planes[i] += levels[i];
        }
        for (int row = 0; row < side; row++) {
            addRow(levels, row * side);
        }
        images++;
    }

    /** The products of one row fit into an int. */
    private void addRow(int[] levels, int red) {
        int plane = side * side;
        for (int a = 0; a < 3; a++) {
            sum[a] += sum(levels, red + a * plane, side);
            for (int b = a; b < 3; b++) {
                products[a][b] += product(levels, red + a * plane, red + b * plane, side);
            }
        }
    }

    private static int sum(int[] levels, int from, int count) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += levels[from + i];
        }
        return sum;
    }

    private static int product(int[] levels, int a, int b, int count) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += levels[a + i] * levels[b + i];
        }
        return sum;
    }

    /** The evaluation size that belongs to a crop: 256 for 224, and the image itself for CIFAR's 32. */
    private int scaledSide() {
        return side == 32 ? side : side * 256 / 224;
    }

    PixelSums merge(PixelSums other) {
        return add(other, 1);
    }

    /** Removes images. */
    PixelSums subtract(PixelSums other) {
        return add(other, -1);
    }

    private PixelSums add(PixelSums other, int times) {
        for (int i = 0; i < planes.length; i++) {
            planes[i] += times * other.planes[i];
        }
        for (int a = 0; a < 3; a++) {
            sum[a] += times * other.sum[a];
            for (int b = a; b < 3; b++) {
                products[a][b] += times * other.products[a][b];
            }
        }
        images += times * other.images;
        return this;
    }

    private double pixels() {
        return (double) images * side * side;
    }

    Statistics statistics() {
        double[] mean = new double[3];
        double[] std = new double[3];
        double[][] covariance = new double[3][3];
        for (int a = 0; a < 3; a++) {
            mean[a] = sum[a] / pixels();
        }
        for (int a = 0; a < 3; a++) {
            for (int b = a; b < 3; b++) {
                covariance[a][b] = products[a][b] / pixels() - mean[a] * mean[b];
                covariance[b][a] = covariance[a][b];
            }
            std[a] = Math.sqrt(covariance[a][a]);
        }
        return new Statistics(images, mean, std, covariance, PrincipalComponents.scaledComponents(covariance));
    }

    /** The mean image: 3 x side x side. */
    float[] meanImage() {
        float[] mean = new float[planes.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) ((double) planes[i] / images);
        }
        return mean;
    }
}
