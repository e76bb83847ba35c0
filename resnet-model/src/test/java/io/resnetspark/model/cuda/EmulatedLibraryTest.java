package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Base of tests of emulated cuDNN and cuBLAS: handles, arrays, and reference convolutions in double precision. */
abstract class EmulatedLibraryTest {
    static final int FLOAT = 0;
    static final int BFLOAT16 = 9;
    static final int NCHW = 0;
    static final int NHWC = 1;
    static final int DEFAULT_MATH = 0;
    static final int FMA = 3;
    static final int NOT_SUPPORTED = 3000;

    enum Direction {
        FORWARD,
        DATA,
        FILTER
    }

    final GpuEmulator emulator = GpuEmulator.orSkip();
    Pointer stream;
    Pointer dnn;
    Pointer blas;

    @BeforeEach
    void open() {
        emulator.call("cuInit", 0);
        emulator.call("cuCtxSetCurrent", create("cuDevicePrimaryCtxRetain", 0));
        stream = create("cuStreamCreate", 1);
        dnn = create("cudnnCreate");
        blas = create("cublasCreate_v2");
        emulator.call("cudnnSetStream", dnn, stream);
        emulator.call("cublasSetStream_v2", blas, stream);
    }

    @AfterEach
    void close() {
        emulator.call("cudnnDestroy", dnn);
        emulator.call("cublasDestroy_v2", blas);
        emulator.call("cuDevicePrimaryCtxRelease_v2", 0);
    }

    Pointer create(String function, Integer... more) {
        Memory out = new Memory(8);
        emulator.call(function, Stream.concat(Stream.of(out), Stream.of(more)).toArray());
        return out.getPointer(0);
    }

    static Memory scalar(float value) {
        Memory memory = new Memory(4);
        memory.setFloat(0, value);
        return memory;
    }

    /** A shape of a convolution, with the indices of its three arrays. */
    record Shape(int format, int n, int c, int h, int w, int k, int r, int stride, int pad) {
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
    final class Convolution {
        final Pointer x = create("cudnnCreateTensorDescriptor");
        final Pointer y = create("cudnnCreateTensorDescriptor");
        final Pointer w = create("cudnnCreateFilterDescriptor");
        final Pointer c = create("cudnnCreateConvolutionDescriptor");

        Convolution(Shape s, int type, int math) {
            emulator.call("cudnnSetTensor4dDescriptor", x, s.format, type, s.n, s.c, s.h, s.w);
            emulator.call("cudnnSetTensor4dDescriptor", y, s.format, type, s.n, s.k, s.oh(), s.ow());
            emulator.call("cudnnSetFilter4dDescriptor", w, type, s.format, s.k, s.c, s.r, s.r);
            emulator.call("cudnnSetConvolution2dDescriptor", c, s.pad, s.pad, s.stride, s.stride, 1, 1, 1, FLOAT);
            emulator.call("cudnnSetConvolutionMathType", c, math);
        }

        int run(Direction direction, int algorithm, float alpha, float beta, long xs, long ws, long ys) {
            Memory needed = new Memory(8);
            Memory a = scalar(alpha);
            Memory b = scalar(beta);
            switch (direction) {
                case FORWARD -> {
                    emulator.call("cudnnGetConvolutionForwardWorkspaceSize", dnn, x, w, c, y, algorithm, needed);
                    long bytes = needed.getLong(0);
                    long space = bytes == 0 ? 0 : emulator.allocate(bytes);
                    return emulator.status(
                            "cudnnConvolutionForward", dnn, a, x, xs, w, ws, c, algorithm, space, bytes, b, y, ys);
                }
                case DATA -> {
                    emulator.call("cudnnGetConvolutionBackwardDataWorkspaceSize", dnn, w, y, c, x, algorithm, needed);
                    long bytes = needed.getLong(0);
                    long space = bytes == 0 ? 0 : emulator.allocate(bytes);
                    return emulator.status(
                            "cudnnConvolutionBackwardData", dnn, a, w, ws, y, ys, c, algorithm, space, bytes, b, x, xs);
                }
                default -> {
                    emulator.call("cudnnGetConvolutionBackwardFilterWorkspaceSize", dnn, x, y, c, w, algorithm, needed);
                    long bytes = needed.getLong(0);
                    long space = bytes == 0 ? 0 : emulator.allocate(bytes);
                    return emulator.status(
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

    /** The expected output of a direction: the sum over all contributing products. */
    static double[] expected(Shape s, Direction direction, float[] x, float[] w, float[] y) {
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

    static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = bfloat16((float) random.nextGaussian());
        }
        return values;
    }

    static float bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >> 16 & 1) & 0xffff0000);
    }

    long upload(int type, float[] values) {
        if (type == FLOAT) {
            return emulator.upload(values);
        }
        Memory bits = new Memory(2L * values.length);
        for (int i = 0; i < values.length; i++) {
            bits.setShort(2L * i, (short) (Float.floatToRawIntBits(values[i]) >> 16));
        }
        long address = emulator.allocate(bits.size());
        emulator.call("cuMemcpyHtoD_v2", address, bits, bits.size());
        return address;
    }

    float[] download(int type, long address, int count) {
        if (type == FLOAT) {
            return emulator.download(address, count);
        }
        Memory bits = new Memory(2L * count);
        emulator.call("cuMemcpyDtoH_v2", bits, address, bits.size());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.intBitsToFloat(bits.getShort(2L * i) << 16);
        }
        return values;
    }

    static void assertClose(float[] got, double[] want, double relative) {
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i])
                    .as("element %d", i)
                    .isCloseTo(want[i], offset(relative * (1 + Math.abs(want[i]))));
        }
    }
}
