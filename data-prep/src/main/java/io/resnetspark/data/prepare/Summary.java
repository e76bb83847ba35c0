package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Crop;
import io.resnetspark.data.image.Image;
import io.resnetspark.data.shard.Statistics;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Sums over checked pictures, mergeable in any order: counts, bytes, reasons, and moments of the training pixels. */
final class Summary implements Serializable {
    private static final long serialVersionUID = 1;

    private final int side;
    private final Map<Split, Long> images = new EnumMap<>(Split.class);
    private final Map<Split, Long> bytes = new EnumMap<>(Split.class);
    private final TreeMap<String, Integer> reasons = new TreeMap<>();
    private final double[] planes;
    private final double[] sum = new double[3];
    private final double[][] products = new double[3][3];
    private long pixels;

    Summary(int side) {
        this.side = side;
        this.planes = new double[3 * side * side];
    }

    /** Counts a picture; of training pictures, also the pixels of the centre crop. */
    Summary add(Checked checked) throws BadImageException {
        if (!checked.isGood()) {
            reasons.merge(category(checked.reason()), 1, Integer::sum);
            return this;
        }
        images.merge(checked.split(), 1L, Long::sum);
        bytes.merge(checked.split(), (long) checked.example().bytes().length, Long::sum);
        if (checked.split() == Split.TRAIN) {
            Image decoded = Codec.decode(checked.example().bytes());
            addPixels(new Crop.Centre(scaledSide(), side).apply(decoded, new SplittableRandom(0)));
        }
        return this;
    }

    /** What stands before the details: "damaged: ..." of a hundred kinds is one row in a table. */
    private static String category(String reason) {
        return reason.replaceFirst(":.*", "").replaceFirst("^\\d+x\\d+ pixels", "pixels");
    }

    /** The testing scale that goes with a crop: 256 for 224, and the picture itself for CIFAR's 32. */
    private int scaledSide() {
        return side == 32 ? side : side * 256 / 224;
    }

    private void addPixels(Image crop) {
        byte[] rgb = crop.rgb();
        int count = side * side;
        double[] value = new double[3];
        for (int p = 0; p < count; p++) {
            for (int c = 0; c < 3; c++) {
                value[c] = rgb[3 * p + c] & 0xff;
                planes[c * count + p] += value[c];
                sum[c] += value[c];
            }
            for (int a = 0; a < 3; a++) {
                for (int b = a; b < 3; b++) {
                    products[a][b] += value[a] * value[b];
                }
            }
        }
        pixels += count;
    }

    Summary merge(Summary other) {
        other.images.forEach((split, n) -> images.merge(split, n, Long::sum));
        other.bytes.forEach((split, n) -> bytes.merge(split, n, Long::sum));
        other.reasons.forEach((reason, n) -> reasons.merge(reason, n, Integer::sum));
        for (int i = 0; i < planes.length; i++) {
            planes[i] += other.planes[i];
        }
        for (int a = 0; a < 3; a++) {
            sum[a] += other.sum[a];
            for (int b = a; b < 3; b++) {
                products[a][b] += other.products[a][b];
            }
        }
        pixels += other.pixels;
        return this;
    }

    long images(Split split) {
        return images.getOrDefault(split, 0L);
    }

    long bytes(Split split) {
        return bytes.getOrDefault(split, 0L);
    }

    Map<String, Integer> reasons() {
        return reasons;
    }

    long bad() {
        return reasons.values().stream().mapToLong(Integer::longValue).sum();
    }

    long all() {
        return bad() + images(Split.TRAIN) + images(Split.VAL);
    }

    Statistics statistics() {
        double[] mean = new double[3];
        double[] deviation = new double[3];
        double[][] covariance = new double[3][3];
        for (int a = 0; a < 3; a++) {
            mean[a] = sum[a] / pixels;
        }
        for (int a = 0; a < 3; a++) {
            for (int b = a; b < 3; b++) {
                covariance[a][b] = products[a][b] / pixels - mean[a] * mean[b];
                covariance[b][a] = covariance[a][b];
            }
            deviation[a] = Math.sqrt(covariance[a][a]);
        }
        return new Statistics(mean, deviation, covariance);
    }

    /** The mean training picture: 3 x side x side. */
    float[] meanImage() {
        double pictures = (double) pixels / (side * side);
        float[] mean = new float[planes.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (planes[i] / pictures);
        }
        return mean;
    }
}
