package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Request;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the kernels of convolution.cu and weights.cu with reference loops in double precision. */
class TestConvolutionKernels {
    private static final int IMAGE = InputNode.CHANNELS;

    /**
     * Batch, height, width, channels, stride, multiprocessors: with one multiprocessor, blocks loop over many tiles.
     */
    private static final int[][] SHAPES = {
        {1, 1, 1, 16, 1, 132},
        {1, 1, 1, 64, 1, 132},
        {1, 1, 1, 16, 2, 132},
        {3, 5, 7, IMAGE, 1, 1},
        {3, 5, 7, 16, 1, 1},
        {3, 5, 7, 32, 1, 1},
        {3, 5, 7, 64, 1, 1},
        {3, 5, 7, 16, 2, 1},
        {3, 5, 7, 32, 2, 1},
        {5, 8, 8, 32, 1, 132},
        {5, 8, 8, 64, 1, 1},
        {5, 8, 8, 32, 2, 1},
        {1, 16, 16, 32, 1, 132},
        {1, 16, 16, 64, 1, 132},
        {1, 16, 16, 32, 2, 132},
        {1, 32, 32, IMAGE, 1, 132},
        {1, 32, 32, 16, 1, 132},
        {2, 32, 32, 16, 2, 132},
        {3, 33, 28, IMAGE, 1, 1},
        {3, 33, 28, 16, 1, 1},
        {2, 33, 28, 16, 2, 1},
        {1, 33, 28, 32, 1, 1},
        {1, 9, 28, 64, 1, 1},
    };

    static Stream<Arguments> cases() {
        return Stream.of(Precision.TF32, Precision.BFLOAT16)
                .flatMap(precision -> Stream.of(SHAPES).map(s -> {
                    int outputs = s[3] == IMAGE ? 16 : s[3] * s[4];
                    return Arguments.of(
                            precision, new ConvolutionShape(s[0], s[3], s[1], s[2], outputs, 3, s[4], 1), s[5]);
                }));
    }

    private interface Tap {
        void at(int here, int there, int tap);
    }

    /** The three operands of a convolution, with values that the number format holds exactly. */
    private static final class Case implements AutoCloseable {
        final KernelRun run;
        final ConvolutionShape shape;
        final int multiprocessors;
        final int channels;
        final float[] x;
        final float[] w;
        final float[] y;

        Case(Precision precision, ConvolutionShape shape, int multiprocessors) {
            this.run = new KernelRun(precision, shape.hashCode());
            this.shape = shape;
            this.multiprocessors = multiprocessors;
            this.channels = shape.channels();
            x = held(Math.toIntExact(shape.inputElements()));
            w = held(Math.toIntExact(shape.weightElements()));
            y = held(Math.toIntExact(shape.outputElements()));
        }

        /** Values of eight bits, which bfloat16 and tf32 hold exactly. */
        private float[] held(int count) {
            float[] values = run.floats(count);
            for (int i = 0; i < count; i++) {
                values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xffff0000);
            }
            return values;
        }

        float[] found(Direction direction) {
            NarrowConvolution ours = new NarrowConvolution(
                    new Request(shape, direction),
                    run.precision,
                    multiprocessors,
                    () -> KernelSource.CONVOLUTION.load(run.device, run.precision));
            int[] sizes = {x.length, w.length, y.length};
            int result = direction == Direction.FORWARD ? 2 : direction == Direction.BACKWARD_DATA ? 0 : 1;
            float[][] operands = {x, w, y};
            long[] at = new long[3];
            for (int i = 0; i < 3; i++) {
                at[i] = i == result ? run.roomForElements(sizes[i]) : run.putElements(operands[i]);
            }
            long workspace = run.room(ours.workspace());
            ours.run(run.stream, at[0], at[1], at[2], workspace);
            return run.elementsAt(at[result], sizes[result]);
        }

        boolean isServed(Direction direction) {
            return NarrowConvolution.supports(new Request(shape, direction), run.precision);
        }

        /** The direct sum, including products with the zero padding. */
        double[] exact(Direction direction) {
            return switch (direction) {
                case FORWARD -> forward();
                case BACKWARD_DATA -> ofInput();
                case BACKWARD_FILTER -> ofWeights();
            };
        }

        private double[] forward() {
            double[] sums = new double[y.length];
            eachTap((here, there, tap) -> {
                for (int o = 0; o < shape.outputs(); o++) {
                    for (int i = 0; i < channels; i++) {
                        sums[here * shape.outputs() + o] += w(o, tap, i) * input(there, i);
                    }
                }
            });
            return sums;
        }

        private double[] ofWeights() {
            double[] sums = new double[w.length];
            eachTap((here, there, tap) -> {
                for (int o = 0; o < shape.outputs(); o++) {
                    for (int i = 0; i < channels; i++) {
                        sums[(o * 9 + tap) * channels + i] += y[here * shape.outputs() + o] * (double) input(there, i);
                    }
                }
            });
            return sums;
        }

        /** Every input pixel gets nine taps, zero where the output has no pixel. */
        private double[] ofInput() {
            double[] sums = new double[x.length];
            int across = shape.outputWidth();
            for (int pixel = 0; pixel < x.length / channels; pixel++) {
                int image = pixel / shape.width() / shape.height();
                for (int tap = 0; tap < 9; tap++) {
                    int row = pixel / shape.width() % shape.height() + 1 - tap / 3;
                    int column = pixel % shape.width() + 1 - tap % 3;
                    boolean inside =
                            row >= 0 && row % shape.stride() == 0 && row / shape.stride() < shape.outputHeight();
                    inside &= column >= 0 && column % shape.stride() == 0 && column / shape.stride() < across;
                    int there =
                            (image * shape.outputHeight() + row / shape.stride()) * across + column / shape.stride();
                    for (int o = 0; o < shape.outputs(); o++) {
                        double gradient = inside ? y[there * shape.outputs() + o] : 0;
                        for (int i = 0; i < channels; i++) {
                            sums[pixel * channels + i] += w(o, tap, i) * gradient;
                        }
                    }
                }
            }
            return sums;
        }

        /** @param work for an output pixel, an input pixel (or -1 outside), and the tap */
        private void eachTap(Tap work) {
            for (int here = 0; here < shape.rows(); here++) {
                int image = here / shape.outputWidth() / shape.outputHeight();
                for (int tap = 0; tap < 9; tap++) {
                    int row = here / shape.outputWidth() % shape.outputHeight() * shape.stride() + tap / 3 - 1;
                    int column = here % shape.outputWidth() * shape.stride() + tap % 3 - 1;
                    boolean inside = row >= 0 && row < shape.height() && column >= 0 && column < shape.width();
                    work.at(here, inside ? (image * shape.height() + row) * shape.width() + column : -1, tap);
                }
            }
        }

        private float input(int pixel, int channel) {
            return pixel < 0 ? 0 : x[pixel * channels + channel];
        }

        private double w(int output, int tap, int input) {
            return w[(output * 9 + tap) * channels + input];
        }

        @Override
        public void close() {
            run.close();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreeWithReferenceLoops(Precision precision, ConvolutionShape shape, int multiprocessors) {
        for (Direction direction : Direction.values()) {
            try (Case c = new Case(precision, shape, multiprocessors)) {
                assertThat(c.isServed(direction))
                        .isEqualTo(shape.channels() >= 16 || direction != Direction.BACKWARD_DATA);
                if (c.isServed(direction)) {
                    c.run.assertElements(direction.description(), c.found(direction), c.exact(direction));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void propagateNaNAndInfinity(Precision precision, ConvolutionShape shape, int multiprocessors) {
        for (Direction direction : Direction.values()) {
            try (Case c = new Case(precision, shape, multiprocessors)) {
                c.x[c.x.length / 2] = Float.NaN;
                c.y[c.y.length - 1] = Float.POSITIVE_INFINITY;
                if (direction == Direction.FORWARD) {
                    c.x[c.x.length - 1] = Float.NEGATIVE_INFINITY;
                } else {
                    c.w[0] = Float.NaN;
                }
                if (c.isServed(direction)) {
                    c.run.assertElements(direction.description(), c.found(direction), c.exact(direction));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64})
    void areBitIdenticalOnRepetition(int channels) {
        ConvolutionShape shape = new ConvolutionShape(4, channels, 9, 8, channels, 3, 1, 1);
        for (Direction direction : Direction.values()) {
            try (Case c = new Case(Precision.BFLOAT16, shape, 2)) {
                assertThat(c.found(direction)).isEqualTo(c.found(direction));
            }
        }
    }

    @Test
    void supportNarrowConvolutionsInTensorCoreFormats() {
        Request narrow = new Request(new ConvolutionShape(128, 16, 32, 32, 16, 3, 1, 1), Direction.FORWARD);
        assertThat(NarrowConvolution.supports(narrow, Precision.TF32)).isTrue();
        assertThat(NarrowConvolution.supports(narrow, Precision.FLOAT32)).isFalse();
        List<ConvolutionShape> others = List.of(
                new ConvolutionShape(128, 16, 32, 32, 32, 3, 1, 1),
                new ConvolutionShape(128, 16, 32, 32, 16, 3, 2, 1),
                new ConvolutionShape(128, 16, 32, 32, 16, 1, 1, 0),
                new ConvolutionShape(128, 16, 32, 32, 16, 3, 1, 0),
                new ConvolutionShape(128, 24, 32, 32, 24, 3, 1, 1),
                new ConvolutionShape(128, 8, 32, 32, 32, 3, 1, 1),
                new ConvolutionShape(128, 64, 32, 32, 128, 3, 2, 1),
                new ConvolutionShape(128, 128, 32, 32, 128, 3, 1, 1),
                new ConvolutionShape(1, 64, 224, 224, 64, 3, 1, 1)); // three rows do not fit
        assertThat(others)
                .noneMatch(
                        shape -> NarrowConvolution.supports(new Request(shape, Direction.FORWARD), Precision.BFLOAT16));
    }

    /** Tensor cores would truncate what tf32 does not hold. */
    @ParameterizedTest
    @EnumSource(Direction.class)
    void roundFloatsToTheNearest(Direction direction) {
        float value = 1 + 3 * 0x1p-12f; // three quarters of the way to the next
        float nearest = 1 + 0x1p-10f;
        try (Case c = new Case(Precision.TF32, new ConvolutionShape(1, 16, 1, 1, 16, 3, 1, 1), 1)) {
            for (float[] operand : new float[][] {c.x, c.w, c.y}) {
                Arrays.fill(operand, 0);
            }
            c.x[0] = value;
            c.y[0] = value;
            c.w[4 * 16] = value;
            assertThat(c.found(direction)).contains(nearest * nearest).doesNotContain(value * value);
        }
    }
}
