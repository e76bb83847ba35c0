package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the kernels of pooling.cu with reference loops, on images of random and odd sizes; NaN and infinity
 * propagate.
 */
class TestPoolingKernels {
    private static final int NOWHERE = 255;

    static Stream<Arguments> cases() {
        return TestNormalizationKernels.cases();
    }

    /** Channels-last images; the first seed has one. */
    private static final class Images implements AutoCloseable {
        final KernelRun run;
        final int batch;
        final int height;
        final int width;
        final int channels;
        final float[] x;

        Images(Precision precision, int seed) {
            run = new KernelRun(precision, seed);
            batch = seed == 0 ? 1 : run.between(1, 5);
            height = run.between(2, 23);
            width = run.between(2, 23);
            channels = 8 * run.between(1, 6);
            x = run.elements(batch * height * width * channels);
        }

        int groups() {
            return channels / run.lanes;
        }

        int at(int image, int row, int column, int channel) {
            return ((image * height + row) * width + column) * channels + channel;
        }

        @Override
        public void close() {
            run.close();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void findsTheMaximumOfWindows(Precision precision, int seed) {
        try (Images images = new Images(precision, seed)) {
            images.x[0] = Float.NaN;
            images.x[images.x.length - 1] = Float.POSITIVE_INFINITY;
            pool(images, 3, 2, 1, false);
            pool(images, 3, 2, 1, true);
            pool(images, 2, 2, 0, false);
        }
    }

    /** Forward and backward; with a table, after normalisation and ReLU. */
    private static void pool(Images images, int kernel, int stride, int padding, boolean normalized) {
        KernelRun run = images.run;
        int outHeight = (images.height + 2 * padding - kernel) / stride + 1;
        int outWidth = (images.width + 2 * padding - kernel) / stride + 1;
        int count = images.batch * outHeight * outWidth * images.channels;
        float[] table = run.floats(4 * images.channels);
        long out = run.roomForElements(count);
        long places = run.room(count);
        run.run(
                "max_pool_" + kernel,
                Grid.ofRows((long) images.batch * outHeight, outWidth * images.groups()),
                run.putElements(images.x),
                normalized ? (Long) run.putFloats(table) : null,
                out,
                places,
                images.height,
                images.width,
                outHeight,
                outWidth,
                images.groups());
        float[] found = run.elementsAt(out, count);
        byte[] place = run.bytesAt(places, count);
        float[] gradient = run.elements(count);
        float[] second = run.elements(count);
        double[] exact = new double[count];
        double[] toInput = new double[images.x.length];
        for (int i = 0; i < count; i++) {
            int channel = i % images.channels;
            int column = i / images.channels % outWidth;
            int row = i / images.channels / outWidth % outHeight;
            int image = i / images.channels / outWidth / outHeight;
            double largest = normalized ? 0 : Double.NEGATIVE_INFINITY;
            for (int k = 0; k < kernel * kernel; k++) {
                int h = row * stride - padding + k / kernel;
                int w = column * stride - padding + k % kernel;
                if (h < 0 || h >= images.height || w < 0 || w >= images.width) {
                    continue;
                }
                int from = images.at(image, h, w, channel);
                double value = images.x[from];
                if (normalized) {
                    value = value * table[2 * images.channels + channel] + table[3 * images.channels + channel];
                }
                largest = Double.isNaN(largest) || Double.isNaN(value) ? Double.NaN : Math.max(largest, value);
                if ((place[i] & 255) == k) {
                    toInput[from] += gradient[i] + (double) second[i];
                    if (!normalized) {
                        assertThat(images.x[from]).as("value of place " + k).isEqualTo(Float.valueOf(found[i]));
                    }
                }
            }
            exact[i] = largest;
            assertThat((place[i] & 255) == NOWHERE).as("let through").isEqualTo(normalized && found[i] == 0);
        }
        run.assertElements("maximum", found, exact);

        long to = run.roomForElements(images.x.length);
        run.run(
                "backward_max_pool_" + kernel,
                Grid.ofRows(
                        (long) images.batch * ((images.height + stride - 1) / stride),
                        (images.width + stride - 1) / stride * images.groups()),
                run.putElements(gradient),
                run.putElements(second),
                places,
                to,
                images.height,
                images.width,
                outHeight,
                outWidth,
                images.groups());
        run.assertElements("gradient of the maximum", run.elementsAt(to, images.x.length), toInput);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void averagesImages(Precision precision, int seed) {
        try (Images images = new Images(precision, seed)) {
            KernelRun run = images.run;
            int pixels = images.height * images.width;
            int count = images.batch * images.channels;
            images.x[0] = Float.NaN;
            double[] means = new double[count];
            for (int i = 0; i < images.x.length; i++) {
                means[i / images.channels / pixels * images.channels + i % images.channels] +=
                        images.x[i] / (double) pixels;
            }
            long out = run.roomForElements(count);
            run.run(
                    "average",
                    Grid.of(count / run.lanes),
                    run.putElements(images.x),
                    out,
                    images.batch,
                    pixels,
                    images.groups());
            run.assertElements("means", run.elementsAt(out, count), means);

            float[] gradient = run.elements(count);
            double[] spread = new double[images.x.length];
            for (int i = 0; i < spread.length; i++) {
                spread[i] = gradient[i / images.channels / pixels * images.channels + i % images.channels]
                        / (double) pixels;
            }
            long to = run.roomForElements(spread.length);
            run.run(
                    "backward_average",
                    Grid.of(spread.length / run.lanes),
                    run.putElements(gradient),
                    to,
                    images.batch,
                    pixels,
                    images.groups());
            run.assertElements("gradient of means", run.elementsAt(to, spread.length), spread);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void padsChannelsOfEverySecondPixel(Precision precision, int seed) {
        try (Images images = new Images(precision, seed)) {
            KernelRun run = images.run;
            int stride = 1 + seed % 2;
            int before = 8 * run.between(1, 3);
            int outputs = images.channels + 2 * before;
            int rows = (images.height - 1) / stride + 1;
            int columns = (images.width - 1) / stride + 1;
            int count = images.batch * rows * columns * outputs;
            float[] gradient = run.elements(count);
            double[] padded = new double[count];
            double[] back = new double[images.x.length];
            for (int i = 0; i < count; i++) {
                int channel = i % outputs - before;
                int column = i / outputs % columns;
                int row = i / outputs / columns % rows;
                int image = i / outputs / columns / rows;
                if (channel >= 0 && channel < images.channels) {
                    int from = images.at(image, row * stride, column * stride, channel);
                    padded[i] = images.x[from];
                    back[from] = gradient[i];
                }
            }
            long out = run.roomForElements(count);
            long to = run.roomForElements(back.length);
            Object[] shape = {images.batch, images.height, images.width, stride, images.groups(), outputs / run.lanes};
            launch(run, "pad_channels", count, run.putElements(images.x), out, shape);
            run.assertElements("padded", run.elementsAt(out, count), padded);
            launch(run, "backward_pad_channels", back.length, run.putElements(gradient), to, shape);
            run.assertElements("gradient of padding", run.elementsAt(to, back.length), back);
        }
    }

    private static void launch(KernelRun run, String kernel, int count, long from, long to, Object... shape) {
        Object[] all = new Object[shape.length + 2];
        all[0] = from;
        all[1] = to;
        System.arraycopy(shape, 0, all, 2, shape.length);
        run.run(kernel, Grid.of(count / run.lanes), all);
    }
}
