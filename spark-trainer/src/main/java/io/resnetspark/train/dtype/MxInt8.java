package io.resnetspark.train.dtype;

import java.nio.ByteBuffer;

/**
 * MXINT8 of the <a href="https://arxiv.org/abs/2310.10537">microscaling formats</a> of the Open Compute Project: groups
 * of 32 values, each a byte for the power of two below the largest magnitude (a float's exponent field; 255 where a value
 * is not finite), and a byte for each value, in 64ths of that power, -127 to 127. As the scale is a power of two, what
 * is rounded once has the same scale again.
 */
final class MxInt8 {
    static final int GROUP = 32;

    private static final int NOT_FINITE = 0xff;
    /** Below it a 64th is no normal number. */
    private static final int MIN_EXPONENT = 7;
    /** The last bit of floats from 2^23 to 2^24 is worth 1: to add this is to round to whole numbers, of either sign. */
    private static final float TO_WHOLE = 0x1.8p23f;

    private static final int TO_WHOLE_BITS = Float.floatToRawIntBits(TO_WHOLE);

    private MxInt8() {}

    static long bytes(long values) {
        return values + (values + GROUP - 1) / GROUP;
    }

    static void encode(float[] from, int first, int count, ByteBuffer out) {
        int at = out.position();
        for (int i = first; i < first + count; i += GROUP) {
            int end = Math.min(i + GROUP, first + count);
            int exponent = exponent(from, i, end);
            float scale = 1 / unit(exponent);
            out.put(at++, (byte) exponent);
            for (int k = i; k < end; k++) {
                out.put(at++, (byte) units(from[k], scale));
            }
        }
    }

    static void decode(ByteBuffer in, int count, float[] to, int first) {
        int at = in.position();
        for (int i = first; i < first + count; i += GROUP) {
            int end = Math.min(i + GROUP, first + count);
            float unit = unit(in.get(at++) & 0xff);
            for (int k = i; k < end; k++) {
                to[k] = in.get(at++) * unit;
            }
        }
    }

    static void round(float[] values, int first, int count) {
        for (int i = first; i < first + count; i += GROUP) {
            int end = Math.min(i + GROUP, first + count);
            float unit = unit(exponent(values, i, end));
            float scale = 1 / unit;
            for (int k = i; k < end; k++) {
                values[k] = units(values[k], scale) * unit;
            }
        }
    }

    /** Of the largest magnitude, with a float's bias. */
    private static int exponent(float[] values, int from, int to) {
        int largest = 0;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & 0x7fff_ffff);
        }
        return Math.max(largest >>> 23, MIN_EXPONENT);
    }

    /** A 64th. */
    private static float unit(int exponent) {
        return exponent == NOT_FINITE ? Float.NaN : Float.intBitsToFloat((exponent - 6) << 23);
    }

    private static int units(float value, float scale) {
        int whole = Float.floatToRawIntBits(value * scale + TO_WHOLE) - TO_WHOLE_BITS;
        return Math.max(-127, Math.min(127, whole));
    }
}
