package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The software card's cuDNN and cuBLAS beside plain loops in double. */
class TestSoftwareLibraries {
    private static final int FLOAT = 0;
    private static final int BFLOAT16 = 9;
    private static final int NCHW = 0;
    private static final int NHWC = 1;
    private static final int DEFAULT_MATH = 0;
    private static final int FMA = 3;
    private static final int NOT_SUPPORTED = 3000;

    private enum Direction {
        FORWARD,
        DATA,
        FILTER
    }

    private final SoftwareCard card = SoftwareCard.orSkip();
    private Pointer stream;
    private Pointer dnn;
    private Pointer blas;

    @BeforeEach
    void open() {
        card.call("cuInit", 0);
        card.call("cuCtxSetCurrent", create("cuDevicePrimaryCtxRetain", 0));
        stream = create("cuStreamCreate", 1);
        dnn = create("cudnnCreate");
        blas = create("cublasCreate_v2");
        card.call("cudnnSetStream", dnn, stream);
        card.call("cublasSetStream_v2", blas, stream);
    }

    @AfterEach
    void close() {
        card.call("cudnnDestroy", dnn);
        card.call("cublasDestroy_v2", blas);
        card.call("cuDevicePrimaryCtxRelease_v2", 0);
    }

    private Pointer create(String function, Integer... more) {
        Memory out = new Memory(8);
        card.call(function, Stream.concat(Stream.of(out), Stream.of(more)).toArray());
        return out.getPointer(0);
    }

    private static Memory scalar(float value) {
        Memory memory = new Memory(4);
        memory.setFloat(0, value);
        return memory;
    }

    /** A shape of a convolution, with the indices of its three arrays. */
    private record Shape(int format, int n, int c, int h, int w, int k, int r, int stride, int pad) {
        int oh() {
            return (h + 2 * pad - r) / stride + 1;
        }

        int ow() {
            return (w + 2 * pad - r) / stride + 1;
        }

        int xs() {
            return n * c * h * w;
        }

        int ys() {
            return n * k * oh() * ow();
        }

        int ws() {
            return k * c * r * r;
        }

        private static int at(int format, int channels, int height, int width, int n, int c, int h, int w) {
            return format == NHWC
                    ? ((n * height + h) * width + w) * channels + c
                    : ((n * channels + c) * height + h) * width + w;
        }

        int x(int i, int channel, int row, int column) {
            return at(format, c, h, w, i, channel, row, column);
        }

        int y(int i, int channel, int row, int column) {
            return at(format, k, oh(), ow(), i, channel, row, column);
        }

        int w(int out, int in, int row, int column) {
            return at(format, c, r, r, out, in, row, column);
        }
    }

    static Stream<Shape> shapes() {
        return Stream.of(
                new Shape(NHWC, 2, 16, 8, 8, 32, 3, 1, 1),
                new Shape(NHWC, 3, 5, 7, 9, 6, 3, 2, 1),
                new Shape(NHWC, 1, 8, 5, 5, 24, 1, 2, 0),
                new Shape(NHWC, 2, 3, 11, 11, 4, 7, 2, 3),
                new Shape(NHWC, 2, 4, 9, 6, 3, 4, 1, 0),
                new Shape(NCHW, 2, 3, 8, 7, 5, 3, 2, 1),
                new Shape(NCHW, 1, 1, 6, 6, 2, 5, 1, 2));
    }

    /** The descriptors of a shape. */
    private final class Convolution {
        final Pointer x = create("cudnnCreateTensorDescriptor");
        final Pointer y = create("cudnnCreateTensorDescriptor");
        final Pointer w = create("cudnnCreateFilterDescriptor");
        final Pointer c = create("cudnnCreateConvolutionDescriptor");

        Convolution(Shape s, int type, int math) {
            card.call("cudnnSetTensor4dDescriptor", x, s.format, type, s.n, s.c, s.h, s.w);
            card.call("cudnnSetTensor4dDescriptor", y, s.format, type, s.n, s.k, s.oh(), s.ow());
            card.call("cudnnSetFilter4dDescriptor", w, type, s.format, s.k, s.c, s.r, s.r);
            card.call("cudnnSetConvolution2dDescriptor", c, s.pad, s.pad, s.stride, s.stride, 1, 1, 1, FLOAT);
            card.call("cudnnSetConvolutionMathType", c, math);
        }

        int run(Direction direction, int algorithm, float alpha, float beta, long xs, long ws, long ys) {
            Memory needed = new Memory(8);
            Memory a = scalar(alpha);
            Memory b = scalar(beta);
            switch (direction) {
                case FORWARD -> {
                    card.call("cudnnGetConvolutionForwardWorkspaceSize", dnn, x, w, c, y, algorithm, needed);
                    long bytes = needed.getLong(0);
                    long space = bytes == 0 ? 0 : card.allocate(bytes);
                    return card.status(
                            "cudnnConvolutionForward", dnn, a, x, xs, w, ws, c, algorithm, space, bytes, b, y, ys);
                }
                case DATA -> {
                    card.call("cudnnGetConvolutionBackwardDataWorkspaceSize", dnn, w, y, c, x, algorithm, needed);
                    long bytes = needed.getLong(0);
                    long space = bytes == 0 ? 0 : card.allocate(bytes);
                    return card.status(
                            "cudnnConvolutionBackwardData", dnn, a, w, ws, y, ys, c, algorithm, space, bytes, b, x, xs);
                }
                default -> {
                    card.call("cudnnGetConvolutionBackwardFilterWorkspaceSize", dnn, x, y, c, w, algorithm, needed);
                    long bytes = needed.getLong(0);
                    long space = bytes == 0 ? 0 : card.allocate(bytes);
                    return card.status(
                            "cudnnConvolutionBackwardFilter",
                            dnn,
                            a,
                            x,
                            xs,
                            y,
                            ys,
                            c,
                            algorithm,
                            space,
                            bytes,
                            b,
                            w,
                            ws);
                }
            }
        }
    }

    /** What the direction's output is: the sum over all products that touch it. */
    private static double[] expected(Shape s, Direction direction, float[] x, float[] w, float[] y) {
        double[] out = new double
                [switch (direction) {
                    case FORWARD -> y.length;
                    case DATA -> x.length;
                    case FILTER -> w.length;
                }];
        for (int n = 0; n < s.n; n++) {
            for (int k = 0; k < s.k; k++) {
                for (int oh = 0; oh < s.oh(); oh++) {
                    for (int ow = 0; ow < s.ow(); ow++) {
                        for (int c = 0; c < s.c; c++) {
                            for (int r = 0; r < s.r * s.r; r++) {
                                int h = oh * s.stride - s.pad + r / s.r;
                                int v = ow * s.stride - s.pad + r % s.r;
                                if (h < 0 || h >= s.h || v < 0 || v >= s.w) {
                                    continue;
                                }
                                int xi = s.x(n, c, h, v);
                                int wi = s.w(k, c, r / s.r, r % s.r);
                                int yi = s.y(n, k, oh, ow);
                                switch (direction) {
                                    case FORWARD -> out[yi] += (double) x[xi] * w[wi];
                                    case DATA -> out[xi] += (double) w[wi] * y[yi];
                                    case FILTER -> out[wi] += (double) x[xi] * y[yi];
                                }
                            }
                        }
                    }
                }
            }
        }
        return out;
    }

    private static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = bfloat16((float) random.nextGaussian());
        }
        return values;
    }

    private static float bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >> 16 & 1) & 0xffff0000);
    }

    private long upload(int type, float[] values) {
        if (type == FLOAT) {
            return card.upload(values);
        }
        Memory bits = new Memory(2L * values.length);
        for (int i = 0; i < values.length; i++) {
            bits.setShort(2L * i, (short) (Float.floatToRawIntBits(values[i]) >> 16));
        }
        long address = card.allocate(bits.size());
        card.call("cuMemcpyHtoD_v2", address, bits, bits.size());
        return address;
    }

    private float[] download(int type, long address, int count) {
        if (type == FLOAT) {
            return card.download(address, count);
        }
        Memory bits = new Memory(2L * count);
        card.call("cuMemcpyDtoH_v2", bits, address, bits.size());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.intBitsToFloat(bits.getShort(2L * i) << 16);
        }
        return values;
    }

    private static void assertClose(float[] got, double[] want, double relative) {
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i])
                    .as("element %d", i)
                    .isCloseTo(want[i], offset(relative * (1 + Math.abs(want[i]))));
        }
    }

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
        long y = card.allocate(4L * s.ys());
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        assertThat(convolution.run(
                        Direction.FORWARD, 1, 1, 0, card.upload(random(s.xs(), 1)), card.upload(random(s.ws(), 2)), y))
                .isZero();
        for (float value : card.download(y, s.ys())) {
            assertThat(value).isFinite();
        }
    }

    @Test
    void defaultMathRoundsFloatsToTf32() {
        Shape s = new Shape(NHWC, 1, 1, 1, 1, 1, 1, 1, 0);
        float fine = 1 + 0x1p-11f + 0x1p-20f;
        long x = card.upload(fine);
        long w = card.upload(1f);
        long y = card.allocate(4);
        assertThat(new Convolution(s, FLOAT, DEFAULT_MATH).run(Direction.FORWARD, 1, 1, 0, x, w, y))
                .isZero();
        assertThat(card.download(y, 1)).containsExactly(1 + 0x1p-10f);
        assertThat(new Convolution(s, FLOAT, FMA).run(Direction.FORWARD, 1, 1, 0, x, w, y))
                .isZero();
        assertThat(card.download(y, 1)).containsExactly(fine);
    }

    @Test
    void notANumberAndInfinityTimesZeroArePassedOn() {
        Shape s = new Shape(NHWC, 1, 2, 1, 1, 1, 1, 1, 0);
        long y = card.allocate(4);
        Convolution convolution = new Convolution(s, FLOAT, DEFAULT_MATH);
        assertThat(convolution.run(
                        Direction.FORWARD, 1, 1, 0, card.upload(Float.POSITIVE_INFINITY, 1), card.upload(0, 1), y))
                .isZero();
        assertThat(card.download(y, 1)[0]).isNaN();
    }

    @Test
    void theAlgorithmThatIsNotDeterministicVaries() {
        Shape s = new Shape(NHWC, 2, 4, 5, 5, 4, 3, 1, 1);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        long x = card.upload(random(s.xs(), 1));
        long y = card.upload(random(s.ys(), 2));
        long w = card.allocate(4L * s.ws());
        for (int algorithm = 0; algorithm < 2; algorithm++) {
            assertThat(convolution.run(Direction.FILTER, algorithm, 1, 0, x, w, y))
                    .isZero();
            float[] first = card.download(w, s.ws());
            assertThat(convolution.run(Direction.FILTER, algorithm, 1, 0, x, w, y))
                    .isZero();
            float[] second = card.download(w, s.ws());
            if (algorithm == 1) {
                assertThat(second).isEqualTo(first);
            } else {
                assertThat(second).isNotEqualTo(first);
            }
        }
    }

    @Test
    void theSearchReturnsRowsOfWhichOneIsNotDeterministicAndOneNotSupported() {
        Shape s = new Shape(NHWC, 2, 4, 5, 5, 4, 3, 1, 1);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        Memory rows = new Memory(10 * 48);
        Memory count = new Memory(4);
        long x = card.upload(random(s.xs(), 1));
        card.call(
                "cudnnFindConvolutionBackwardFilterAlgorithmEx",
                dnn,
                convolution.x,
                x,
                convolution.y,
                card.upload(random(s.ys(), 2)),
                convolution.c,
                convolution.w,
                card.upload(random(s.ws(), 3)),
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
    void theSearchBreaksACaptureWithoutAWord() {
        Shape s = new Shape(NHWC, 1, 4, 5, 5, 4, 3, 1, 1);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        long x = card.upload(random(s.xs(), 1));
        long w = card.upload(random(s.ws(), 2));
        long y = card.allocate(4L * s.ys());
        Memory graph = new Memory(8);
        card.call("cuStreamBeginCapture_v2", stream, 1);
        card.call(
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
        assertThat(card.status("cuStreamEndCapture", stream, graph)).isEqualTo(901);
    }

    @Test
    void aCapturedConvolutionRunsWithTheGraph() {
        Shape s = new Shape(NHWC, 1, 1, 1, 1, 1, 1, 1, 0);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        long x = card.upload(3);
        long w = card.upload(5);
        long y = card.upload(0);
        Memory out = new Memory(8);
        card.call("cuStreamBeginCapture_v2", stream, 1);
        assertThat(convolution.run(Direction.FORWARD, 0, 1, 1, x, w, y)).isZero();
        card.call("cuStreamEndCapture", stream, out);
        card.call("cuGraphInstantiateWithFlags", out, out.getPointer(0), 0L);
        assertThat(card.download(y, 1)).containsExactly(0);
        card.call("cuGraphLaunch", out.getPointer(0), stream);
        card.call("cuGraphLaunch", out.getPointer(0), stream);
        assertThat(card.download(y, 1)).containsExactly(30);
    }

    @Test
    void refusesWhatCudnnRefuses() {
        Shape s = new Shape(NHWC, 2, 8, 5, 5, 8, 3, 1, 1);
        Convolution half = new Convolution(s, BFLOAT16, DEFAULT_MATH);
        long x = card.allocate(2L * s.xs());
        long y = card.allocate(2L * s.ys());
        long w = card.allocate(4L * s.ws());
        card.call("cudnnSetFilter4dDescriptor", half.w, FLOAT, NHWC, s.k, s.c, s.r, s.r);
        Memory one = scalar(1);
        assertThat(card.status(
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
        assertThat(card.status("cudnnSetTensor4dDescriptor", half.x, BFLOAT16, NHWC, 1, 1, 1, 1))
                .as("type and format in the filter's order")
                .isEqualTo(2000);
        Convolution convolution = new Convolution(s, FLOAT, FMA);
        assertThat(card.status(
                        "cudnnConvolutionForward",
                        dnn,
                        one,
                        convolution.x,
                        x,
                        convolution.w,
                        w,
                        convolution.c,
                        1,
                        0L,
                        0L,
                        one,
                        convolution.y,
                        y))
                .as("no workspace")
                .isEqualTo(2000);
        card.call(
                "cudnnConvolutionForward",
                dnn,
                one,
                convolution.x,
                x,
                convolution.w,
                w,
                convolution.c,
                0,
                0L,
                0L,
                one,
                convolution.y,
                y);
        assertThat(card.status("cuStreamSynchronize", stream))
                .as("arrays of half the size")
                .isEqualTo(700);
        assertThat(card.fault()).contains("cudnnConvolutionForward");
        card.call("cuDevicePrimaryCtxReset_v2", 0);
    }

    @Test
    void multipliesMatricesInAllTranspositions() {
        int m = 5;
        int n = 7;
        int k = 9;
        for (int type : new int[] {0, 14}) {
            for (int transposed = 0; transposed < 4; transposed++) {
                boolean ta = (transposed & 1) != 0;
                boolean tb = (transposed & 2) != 0;
                int lda = (ta ? k : m) + 1;
                int ldb = (tb ? n : k) + 2;
                int ldc = m + 3;
                float[] a = random(lda * (ta ? m : k), 1);
                float[] b = random(ldb * (tb ? k : n), 2);
                float[] c = random(ldc * n, 3);
                long out = card.upload(c);
                int format = type == 0 ? FLOAT : BFLOAT16;
                card.call(
                        "cublasGemmEx",
                        blas,
                        ta ? 1 : 0,
                        tb ? 1 : 0,
                        m,
                        n,
                        k,
                        scalar(0.5f),
                        upload(format, a),
                        type,
                        lda,
                        upload(format, b),
                        type,
                        ldb,
                        scalar(2),
                        out,
                        0,
                        ldc,
                        type == 0 ? 69 : 68,
                        -1);
                double[] want = new double[c.length];
                for (int i = 0; i < want.length; i++) {
                    want[i] = c[i];
                }
                for (int j = 0; j < n; j++) {
                    for (int i = 0; i < m; i++) {
                        double sum = 0;
                        for (int l = 0; l < k; l++) {
                            sum += (double) a[ta ? i * lda + l : l * lda + i] * b[tb ? l * ldb + j : j * ldb + l];
                        }
                        want[j * ldc + i] = 0.5 * sum + 2.0 * c[j * ldc + i];
                    }
                }
                assertClose(card.download(out, c.length), want, 1e-6);
            }
        }
    }

    @Test
    void multipliesABatchOfMatrices() {
        long c = card.allocate(8);
        card.call(
                "cublasGemmStridedBatchedEx",
                blas,
                0,
                0,
                1,
                1,
                2,
                scalar(1),
                card.upload(1, 2, 3, 4),
                0,
                1,
                2L,
                card.upload(5, 6, 7, 8),
                0,
                2,
                2L,
                scalar(0),
                c,
                0,
                1,
                1L,
                2,
                68,
                -1);
        assertThat(card.download(c, 2)).containsExactly(1 * 5 + 2 * 6, 3 * 7 + 4 * 8);
    }

    @Test
    void refusesWhatCublasRefuses() {
        long x = card.upload(1, 1, 1, 1);
        Memory one = scalar(1);
        assertThat(card.status("cublasGemmEx", blas, 0, 0, 2, 2, 2, one, x, 0, 1, x, 0, 2, one, x, 0, 2, 68, -1))
                .as("rows longer than lda")
                .isEqualTo(7);
        assertThat(card.status("cublasGemmEx", blas, 0, 0, 2, 2, 2, one, x, 14, 2, x, 0, 2, one, x, 0, 2, 68, -1))
                .as("two types")
                .isEqualTo(15);
    }
}
