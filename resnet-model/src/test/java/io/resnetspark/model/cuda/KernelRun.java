package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Runs single kernels on its own arrays; outputs are filled with NaN first. */
final class KernelRun implements AutoCloseable {
    private static final int WARP = 32;

    final Precision precision;
    final Random random;

    /** Channels that a thread processes at once. */
    final int lanes;

    final Device device = Gpus.orSkip();
    final Stream stream = device.stream();
    final CudaModule kernels;
    private final List<Long> taken = new ArrayList<>();

    KernelRun(Precision precision, long seed) {
        this.precision = precision;
        this.random = new Random(seed);
        this.lanes = 16 / precision.bytes();
        this.kernels = KernelSource.STEP.load(device, precision);
    }

    /** A random number from low to high, both inclusive. */
    int between(int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    /** Random values that the element type holds exactly. */
    float[] elements(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = rounded((float) random.nextGaussian());
        }
        return values;
    }

    float[] floats(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    byte[] bytes(int count, int bound) {
        byte[] values = new byte[count];
        for (int i = 0; i < count; i++) {
            values[i] = (byte) random.nextInt(bound);
        }
        return values;
    }

    /** Rounds to the nearest element, ties to even. */
    float rounded(float value) {
        if (precision != Precision.BFLOAT16 || Float.isNaN(value)) {
            return value;
        }
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    }

    long putElements(float... values) {
        if (precision != Precision.BFLOAT16) {
            return putFloats(values);
        }
        byte[] bytes = new byte[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]) >>> 16;
            bytes[2 * i] = (byte) bits;
            bytes[2 * i + 1] = (byte) (bits >>> 8);
        }
        return putBytes(bytes);
    }

    long putFloats(float... values) {
        long address = room(4L * values.length);
        try (PinnedMemory host = device.pinned(4L * values.length)) {
            host.write(0, values, 0, values.length);
            stream.copyToDevice(address, host, 0, host.bytes());
            stream.synchronize();
        }
        return address;
    }

    long putBytes(byte... values) {
        long address = room(values.length);
        try (PinnedMemory host = device.pinned(values.length)) {
            host.buffer(0, values.length).put(values);
            stream.copyToDevice(address, host, 0, host.bytes());
            stream.synchronize();
        }
        return address;
    }

    long room(long bytes) {
        long address = device.allocate(bytes);
        taken.add(address);
        stream.fill(address, 0xff, bytes);
        return address;
    }

    long roomForElements(int count) {
        return room((long) count * precision.bytes());
    }

    long roomForFloats(int count) {
        return room(4L * count);
    }

    /** @param parameters as of {@link Stream#launch}; null for the null pointer */
    void run(String kernel, Grid grid, Object... parameters) {
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = parameters[i] == null ? (Long) 0L : parameters[i];
        }
        stream.launch(kernels.function(kernel), grid, parameters);
        stream.synchronize();
    }

    /**
     * Runs the kernel twice, the second time on its own results; both must be bit-identical, in any order of blocks.
     */
    void runTwice(Supplier<float[]> result, String kernel, Grid grid, Object... parameters) {
        run(kernel, grid, parameters);
        float[] first = result.get();
        run(kernel, grid, parameters);
        assertThat(result.get()).as(kernel + ", the second time").isEqualTo(first);
    }

    /** The counters that reduction kernels need for this many channels. */
    long tickets(int channels) {
        long address = room(4L * channels);
        stream.fill(address, 0, 4L * channels);
        return address;
    }

    void assertZero(long address, int words) {
        assertThat(bytesAt(address, 4 * words)).containsOnly(0);
    }

    ThreadLayout tile(int rows, int channels) {
        return ThreadLayout.of(rows, channels, lanes, device.multiprocessors());
    }

    /** One warp per item, four per block. */
    static Grid warps(int count) {
        return new Grid((count + 3) / 4, 1, 4 * WARP, 1);
    }

    byte[] bytesAt(long address, int count) {
        try (PinnedMemory host = device.pinned(count)) {
            stream.copyToHost(host, 0, address, count);
            stream.synchronize();
            byte[] values = new byte[count];
            host.buffer(0, count).get(values);
            return values;
        }
    }

    float[] floatsAt(long address, int count) {
        float[] values = new float[count];
        littleEndian(bytesAt(address, 4 * count)).asFloatBuffer().get(values);
        return values;
    }

    double[] doublesAt(long address, int count) {
        double[] values = new double[count];
        littleEndian(bytesAt(address, 8 * count)).asDoubleBuffer().get(values);
        return values;
    }

    float[] elementsAt(long address, int count) {
        if (precision != Precision.BFLOAT16) {
            return floatsAt(address, count);
        }
        ByteBuffer bytes = littleEndian(bytesAt(address, 2 * count));
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Float.intBitsToFloat(bytes.getShort() << 16);
        }
        return values;
    }

    private static ByteBuffer littleEndian(byte... bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Elements that were computed in float: tolerance of half a unit in the last place more. */
    void assertElements(String what, float[] found, double... exact) {
        assertClose(what, found, precision == Precision.BFLOAT16 ? 1.0 / 256 : 0, exact);
    }

    void assertFloats(String what, float[] found, double... exact) {
        assertClose(what, found, 0, exact);
    }

    /**
     * NaN and infinity must match; other values must be within 2e-5 of the largest finite value, plus a share of their
     * own.
     */
    private static void assertClose(String what, float[] found, double share, double... exact) {
        assertThat(found).as(what).hasSameSizeAs(exact);
        double largest = 1e-3;
        for (double value : exact) {
            largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        for (int i = 0; i < exact.length; i++) {
            boolean same = Double.isNaN(exact[i])
                    ? Float.isNaN(found[i])
                    : Double.isInfinite(exact[i])
                            ? found[i] == exact[i]
                            : Math.abs(found[i] - exact[i]) <= 2e-5 * largest + share * Math.abs(exact[i]);
            if (!same) {
                throw new AssertionError(
                        what + ", value " + i + " of " + exact.length + ": " + found[i] + ", exactly " + exact[i]);
            }
        }
    }

    @Override
    public void close() {
        taken.forEach(device::free);
    }
}
