package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the emulated cuDNN with reference loops in double precision. */
class TestEmulatedCudnn extends EmulatedLibraryTest {
    @ParameterizedTest
    @MethodSource("shapes")
    void convolvesInThreeDirections(Shape s) {
        for (int type : new int[] {FLOAT, BFLOAT16}) {
            float[] x = random(s.xs(), 1);
            float[] w = random(s.ws(), 2);
            float[] y = random(s.ys(), 3);
            Convolution convolution = new Convolution(s, type, FMA);
            for (Direction direction : Direction.values()) {
                for (int algorithm = 0; algorithm < 2; algorithm++) {
                    long xs = upload(type, x);
                    long ws = upload(type, w);
                    long ys = upload(type, y);
                    assertThat(convolution.run(direction, algorithm, 0.5f, 2, xs, ws, ys))
                            .isZero();
                    float[] before = direction == Direction.FORWARD ? y : direction == Direction.DATA ? x : w;
                    long out = direction == Direction.FORWARD ? ys : direction == Direction.DATA ? xs : ws;
                    double[] want = expected(s, direction, x, w, y);
                    for (int i = 0; i < want.length; i++) {
                        want[i] = 0.5 * want[i] + 2.0 * before[i];
                    }
                    double rounding = type == FLOAT ? 1e-5 : 0x1p-8;
                    assertClose(download(type, out, want.length), want, rounding);
                }
            }
        }
    }

    @Test
    void withBetaZeroTheOutputIsNotRead() {
        Shape s = new Shape(NHWC, 1, 4, 3, 3, 4, 3, 1, 1);
        long y = emulator.allocate(4L * s.ys());
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        assertThat(convolution.run(
                        Direction.FORWARD,
                        1,
                        1,
                        0,
                        emulator.upload(random(s.xs(), 1)),
                        emulator.upload(random(s.ws(), 2)),
                        y))
                .isZero();
        for (float value : emulator.download(y, s.ys())) {
            assertThat(value).isFinite();
        }
    }

    @Test
    void defaultMathRoundsFloatsToTf32() {
        Shape s = new Shape(NHWC, 1, 1, 1, 1, 1, 1, 1, 0);
        float fine = 1 + 0x1p-11f + 0x1p-20f;
        long x = emulator.upload(fine);
        long w = emulator.upload(1f);
        long y = emulator.allocate(4);
        assertThat(new Convolution(s, FLOAT, DEFAULT_MATH).run(Direction.FORWARD, 1, 1, 0, x, w, y))
                .isZero();
        assertThat(emulator.download(y, 1)).containsExactly(1 + 0x1p-10f);
        assertThat(new Convolution(s, FLOAT, FMA).run(Direction.FORWARD, 1, 1, 0, x, w, y))
                .isZero();
        assertThat(emulator.download(y, 1)).containsExactly(fine);
    }

    @Test
    void nanAndInfinityTimesZeroPropagate() {
        Shape s = new Shape(NHWC, 1, 2, 1, 1, 1, 1, 1, 0);
        long y = emulator.allocate(4);
        Convolution convolution = new Convolution(s, FLOAT, DEFAULT_MATH);
        assertThat(convolution.run(
                        Direction.FORWARD,
                        1,
                        1,
                        0,
                        emulator.upload(Float.POSITIVE_INFINITY, 1),
                        emulator.upload(0, 1),
                        y))
                .isZero();
        assertThat(emulator.download(y, 1)[0]).isNaN();
    }

    @Test
    void nondeterministicAlgorithmVaries() {
        Shape s = new Shape(NHWC, 2, 4, 5, 5, 4, 3, 1, 1);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        long x = emulator.upload(random(s.xs(), 1));
        long y = emulator.upload(random(s.ys(), 2));
        long w = emulator.allocate(4L * s.ws());
        for (int algorithm = 0; algorithm < 2; algorithm++) {
            assertThat(convolution.run(Direction.FILTER, algorithm, 1, 0, x, w, y))
                    .isZero();
            float[] first = emulator.download(w, s.ws());
            assertThat(convolution.run(Direction.FILTER, algorithm, 1, 0, x, w, y))
                    .isZero();
            float[] second = emulator.download(w, s.ws());
            if (algorithm == 1) {
                assertThat(second).isEqualTo(first);
            } else {
                assertThat(second).isNotEqualTo(first);
            }
        }
    }

    @Test
    void searchReturnsNondeterministicAndUnsupportedRows() {
        Shape s = new Shape(NHWC, 2, 4, 5, 5, 4, 3, 1, 1);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        Memory rows = new Memory(10 * 48);
        Memory count = new Memory(4);
        long x = emulator.upload(random(s.xs(), 1));
        emulator.call(
                "cudnnFindConvolutionBackwardFilterAlgorithmEx",
                dnn,
                convolution.x,
                x,
                convolution.y,
                emulator.upload(random(s.ys(), 2)),
                convolution.c,
                convolution.w,
                emulator.upload(random(s.ws(), 3)),
                10,
                count,
                rows,
                0L,
                0L);
        assertThat(count.getInt(0)).isEqualTo(3);
        int[] status = new int[3];
        int[] deterministic = new int[3];
        for (int i = 0; i < 3; i++) {
            assertThat(rows.getInt(48L * i)).isEqualTo(i);
            assertThat(rows.getInt(48L * i + 28)).isEqualTo(FMA);
            status[i] = rows.getInt(48L * i + 4);
            deterministic[i] = rows.getInt(48L * i + 24);
        }
        assertThat(status).containsExactly(0, 0, NOT_SUPPORTED);
        assertThat(deterministic).containsExactly(0, 1, 0);
        assertThat(rows.getLong(48 + 16)).isPositive();
    }

    @Test
    void searchSilentlyInvalidatesCapture() {
        Shape s = new Shape(NHWC, 1, 4, 5, 5, 4, 3, 1, 1);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        long x = emulator.upload(random(s.xs(), 1));
        long w = emulator.upload(random(s.ws(), 2));
        long y = emulator.allocate(4L * s.ys());
        Memory graph = new Memory(8);
        emulator.call("cuStreamBeginCapture_v2", stream, 1);
        emulator.call(
                "cudnnFindConvolutionForwardAlgorithmEx",
                dnn,
                convolution.x,
                x,
                convolution.w,
                w,
                convolution.c,
                convolution.y,
                y,
                10,
                new Memory(4),
                new Memory(480),
                0L,
                0L);
        assertThat(emulator.status("cuStreamEndCapture", stream, graph)).isEqualTo(901);
    }

    @Test
    void aCapturedConvolutionRunsWithTheGraph() {
        Shape s = new Shape(NHWC, 1, 1, 1, 1, 1, 1, 1, 0);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        long x = emulator.upload(3);
        long w = emulator.upload(5);
        long y = emulator.upload(0);
        Memory out = new Memory(8);
        emulator.call("cuStreamBeginCapture_v2", stream, 1);
        assertThat(convolution.run(Direction.FORWARD, 0, 1, 1, x, w, y)).isZero();
        emulator.call("cuStreamEndCapture", stream, out);
        emulator.call("cuGraphInstantiateWithFlags", out, out.getPointer(0), 0L);
        assertThat(emulator.download(y, 1)).containsExactly(0);
        emulator.call("cuGraphLaunch", out.getPointer(0), stream);
        emulator.call("cuGraphLaunch", out.getPointer(0), stream);
        assertThat(emulator.download(y, 1)).containsExactly(30);
    }

    @Test
    void refusesWhatCudnnRefuses() {
        Shape s = new Shape(NHWC, 2, 8, 5, 5, 8, 3, 1, 1);
        Convolution half = new Convolution(s, BFLOAT16, DEFAULT_MATH);
        long x = emulator.allocate(2L * s.xs());
        long y = emulator.allocate(2L * s.ys());
        long w = emulator.allocate(4L * s.ws());
        emulator.call("cudnnSetFilter4dDescriptor", half.w, FLOAT, NHWC, s.k(), s.c(), s.r(), s.r());
        Memory one = scalar(1);
        assertThat(emulator.status(
                        "cudnnConvolutionBackwardFilter",
                        dnn,
                        one,
                        half.x,
                        x,
                        half.y,
                        y,
                        half.c,
                        1,
                        0L,
                        0L,
                        one,
                        half.w,
                        w))
                .as("bfloat16 x and dy, float dw")
                .isEqualTo(NOT_SUPPORTED);
        assertThat(emulator.status("cudnnSetTensor4dDescriptor", half.x, BFLOAT16, NHWC, 1, 1, 1, 1))
                .as("type and format in the filter's order")
                .isEqualTo(2000);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        IntUnaryOperator forward = algorithm -> emulator.status(
                "cudnnConvolutionForward",
                dnn,
                one,
                convolution.x,
                x,
                convolution.w,
                w,
                convolution.c,
                algorithm,
                0L,
                0L,
                one,
                convolution.y,
                y);
        assertThat(forward.applyAsInt(1)).as("no workspace").isEqualTo(2000);
        assertThat(forward.applyAsInt(0)).isZero();
        assertThat(emulator.status("cuStreamSynchronize", stream))
                .as("arrays of half the size")
                .isEqualTo(700);
        assertThat(emulator.fault()).contains("cudnnConvolutionForward");
        emulator.call("cuDevicePrimaryCtxReset_v2", 0);
    }
}
