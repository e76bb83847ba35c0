package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels of images.cu and layout.cu, and the number formats of element.cu. */
class TestLayoutKernels {
    static Stream<Arguments> cases() {
        return TestNormalizationKernels.cases();
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"FLOAT32", "BFLOAT16"})
    void roundsToElementsAndBack(Precision precision) {
        try (KernelRun run = new KernelRun(precision, 1)) {
            float[] values = run.floats(5000);
            float[] special = {
                0,
                -0f,
                Float.NaN,
                Float.POSITIVE_INFINITY,
                Float.NEGATIVE_INFINITY,
                Float.MAX_VALUE,
                1 + 1f / 256,
                1 + 3f / 256,
                1 + 1f / 256 + 1e-7f,
                -1 - 1f / 256
            };
            System.arraycopy(special, 0, values, 0, special.length);
            int count = values.length;
            long elements = run.roomForElements(count);
            run.run("to_elements", Grid.of(count), run.putFloats(values), elements, (long) count);
            long back = run.roomForFloats(count);
            run.run("to_floats", Grid.of(count), elements, back, (long) count);
            float[] expected = new float[count];
            for (int i = 0; i < count; i++) {
                expected[i] = run.rounded(values[i]);
            }
            assertThat(run.elementsAt(elements, count)).as("elements").isEqualTo(expected);
            assertThat(run.floatsAt(back, count)).as("floats").isEqualTo(expected);
        }
    }

    /** The expected value of a pixel, as the kernels of images.cu read it. */
    private interface Pixels {
        double at(int image, int y, int x, int channel);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void packsImagesOfFloats(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 5);
            int channels = run.between(1, 4);
            int height = run.between(1, 25);
            int width = run.between(1, 25);
            float[] images = run.floats(batch * channels * height * width);
            images[0] = Float.NaN;
            double[] packed = pixels(
                    batch,
                    channels,
                    height,
                    width,
                    (n, y, x, c) -> images[((n * channels + c) * height + y) * width + x]);
            long out = run.roomForElements(packed.length);
            Grid grid = Grid.of((long) batch * height * width);
            run.run("pack_floats", grid, run.putFloats(images), out, batch, channels, height, width, 4);
            run.assertElements("packed", run.elementsAt(out, packed.length), packed);
        }
    }

    private static double[] pixels(int batch, int channels, int height, int width, Pixels pixels) {
        double[] packed = new double[batch * height * width * 4];
        for (int i = 0; i < packed.length; i++) {
            int c = i % 4;
            int x = i / 4 % width;
            int y = i / 4 / width % height;
            packed[i] = c < channels ? pixels.at(i / 4 / width / height, y, x, c) : 0;
        }
        return packed;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void packsImagesOfFloatsAsBlocks(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 4);
            int side = 2 * run.between(1, 20);
            float[] images = run.floats(batch * 3 * side * side);
            double[] packed = blocks(batch, side, (n, y, x, c) -> images[((n * 3 + c) * side + y) * side + x]);
            long out = run.roomForElements(packed.length);
            Grid grid = Grid.of(packed.length / 16);
            run.run("pack_floats_in_blocks", grid, run.putFloats(images), out, batch, 3, side, side, 16);
            run.assertElements("blocks", run.elementsAt(out, packed.length), packed);
        }
    }

    /** Channel (dy 2 + dx) 3 + c of block (x, y) is channel c of pixel (2 (x - 2) + dx, 2 (y - 2) + dy). */
    private static double[] blocks(int batch, int side, Pixels pixels) {
        int blocks = side / 2 + 3;
        double[] packed = new double[batch * blocks * blocks * 16];
        for (int i = 0; i < packed.length; i++) {
            int c = i % 16;
            int x = 2 * (i / 16 % blocks - 2) + c / 3 % 2;
            int y = 2 * (i / 16 / blocks % blocks - 2) + c / 6;
            if (c < 12 && x >= 0 && y >= 0 && x < side && y < side) {
                packed[i] = pixels.at(i / 16 / blocks / blocks, y, x, c % 3);
            }
        }
        return packed;
    }

    /** Translated, flipped, with lighting, and a mean per channel or per pixel. */
    @ParameterizedTest
    @MethodSource("cases")
    void packsImagesOfLevels(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 4);
            int side = 2 * run.between(1, 16);
            boolean ofPixels = seed % 2 == 0;
            byte[] rgb = run.bytes(batch * 3 * side * side, 256);
            float[] adjustments = new float[6 * batch];
            for (int i = 0; i < adjustments.length; i++) {
                int which = i % 6;
                adjustments[i] =
                        which < 3 ? 10 * run.random.nextFloat() : which < 5 ? run.between(-3, 3) : run.between(0, 1);
            }
            float[] mean = run.floats(ofPixels ? 3 * side * side : 3);
            float[] std = {50, 60, 70, ofPixels ? 1 : 0};
            Pixels pixels = (n, y, x, c) -> {
                int from = (adjustments[6 * n + 5] != 0 ? side - 1 - x : x) + (int) adjustments[6 * n + 3];
                int row = y + (int) adjustments[6 * n + 4];
                if (from < 0 || row < 0 || from >= side || row >= side) {
                    return 0;
                }
                double level = rgb[((n * side + row) * side + from) * 3 + c] & 255;
                double subtracted = mean[ofPixels ? (c * side + row) * side + from : c];
                return (level + adjustments[6 * n + c] - subtracted) / std[c];
            };
            long levels = run.putBytes(rgb);
            long toDo = run.putFloats(adjustments);
            long means = run.putFloats(mean);
            long deviations = run.putFloats(std);
            double[] packed = pixels(batch, 3, side, side, pixels);
            long out = run.roomForElements(packed.length);
            Grid each = Grid.of(packed.length / 4);
            run.run("pack_levels", each, levels, toDo, means, deviations, out, batch, 3, side, side, 4);
            run.assertElements("packed", run.elementsAt(out, packed.length), packed);
            double[] inBlocks = blocks(batch, side, pixels);
            long blocks = run.roomForElements(inBlocks.length);
            Grid ofBlocks = Grid.of(inBlocks.length / 16);
            run.run(
                    "pack_levels_in_blocks",
                    ofBlocks,
                    levels,
                    toDo,
                    means,
                    deviations,
                    blocks,
                    batch,
                    3,
                    side,
                    side,
                    16);
            run.assertElements("blocks", run.elementsAt(blocks, inBlocks.length), inBlocks);
        }
    }

    /** Weights are unchanged after a round trip, padding is zero, and only real weights keep a gradient. */
    @ParameterizedTest
    @MethodSource("cases")
    void placesWeights(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            boolean blocks = seed % 2 == 0;
            int outputs = run.between(1, 20);
            int inputs = blocks ? 3 : run.between(1, 17);
            int kernel = blocks ? 7 : run.between(1, 3);
            int depth = blocks ? 16 : (inputs + 7) / 8 * 8;
            int padded = outputs + run.between(0, 5);
            int count = padded * (blocks ? 16 : kernel * kernel) * depth;
            float[] flat = run.floats(outputs * inputs * kernel * kernel);
            Object[] shape = {
                (long) count,
                outputs,
                inputs,
                kernel,
                kernel,
                inputs * kernel * kernel,
                kernel * kernel,
                kernel,
                1,
                depth,
                blocks ? 1 : 0
            };
            long here = run.roomForFloats(count);
            move(run, "place_in", count, run.putFloats(flat), here, shape);
            float[] placed = run.floatsAt(here, count);
            long again = run.roomForFloats(flat.length);
            move(run, "place_out", count, here, again, shape);
            assertThat(run.floatsAt(again, flat.length)).isEqualTo(flat);
            // All values are present once, with zeros beside them.
            float[] found = nonZero(placed);
            float[] expected = nonZero(flat);
            assertThat(found).isEqualTo(expected);
            if (blocks) {
                float[] gradient = run.elements(count);
                long there = run.putElements(gradient);
                run.run("mask_blocks", Grid.of(count), there, (long) count);
                double[] masked = new double[count];
                for (int i = 0; i < outputs * 256; i++) {
                    masked[i] = placed[i] == 0 ? 0 : gradient[i];
                }
                int real = outputs * 256; // followed by padded outputs
                run.assertElements("masked gradient", run.elementsAt(there, real), Arrays.copyOf(masked, real));
            }
        }
    }

    private static float[] nonZero(float... values) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        float[] kept = new float[sorted.length];
        int count = 0;
        for (float value : sorted) {
            if (value != 0) {
                kept[count++] = value;
            }
        }
        return Arrays.copyOf(kept, count);
    }

    private static void move(KernelRun run, String kernel, int count, long from, long to, Object... shape) {
        Object[] all = new Object[shape.length + 2];
        all[0] = from;
        all[1] = to;
        System.arraycopy(shape, 0, all, 2, shape.length);
        run.run(kernel, Grid.of(count), all);
    }
}
