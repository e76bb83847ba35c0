package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels of layout.cu, and the number formats of element.cu. */
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

    @ParameterizedTest
    @MethodSource("cases")
    void packsImages(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 5);
            int channels = run.between(1, 4);
            int pixels = run.between(1, 500);
            float[] images = run.floats(batch * channels * pixels);
            images[0] = Float.NaN;
            double[] packed = new double[batch * pixels * 4];
            for (int i = 0; i < packed.length; i++) {
                int n = i / 4 / pixels;
                packed[i] = i % 4 < channels ? images[(n * channels + i % 4) * pixels + i / 4 % pixels] : 0;
            }
            long out = run.roomForElements(packed.length);
            run.run("pack", Grid.of((long) batch * pixels), run.putFloats(images), out, batch, channels, pixels, 4);
            run.assertElements("packed", run.elementsAt(out, packed.length), packed);
        }
    }

    /** Channel (dy 2 + dx) 3 + c of block (x, y) is channel c of pixel (2 (x - 2) + dx, 2 (y - 2) + dy). */
    @ParameterizedTest
    @MethodSource("cases")
    void packsImagesAsBlocks(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 4);
            int side = 2 * run.between(1, 20);
            int blocks = side / 2 + 3;
            float[] images = run.floats(batch * 3 * side * side);
            double[] packed = new double[batch * blocks * blocks * 16];
            for (int i = 0; i < packed.length; i++) {
                int c = i % 16;
                int x = 2 * (i / 16 % blocks - 2) + c / 3 % 2;
                int y = 2 * (i / 16 / blocks % blocks - 2) + c / 6;
                int n = i / 16 / blocks / blocks;
                if (c < 12 && x >= 0 && y >= 0 && x < side && y < side) {
                    packed[i] = images[((n * 3 + c % 3) * side + y) * side + x];
                }
            }
            long out = run.roomForElements(packed.length);
            Grid grid = Grid.of((long) batch * blocks * blocks);
            run.run("pack_blocks", grid, run.putFloats(images), out, batch, side);
            run.assertElements("blocks", run.elementsAt(out, packed.length), packed);
        }
    }

    /** Weights go in and come out again as they were, padding is zero, and only what has a counterpart keeps a gradient. */
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
            // All values are there once, and zeros beside them.
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
                int real = outputs * 256; // behind it, outputs that are padding
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
