package io.resnetspark.train.dtype;

/** The upper half of a float: its range, and 8 bits of precision. */
final class BFloat16 {
    private BFloat16() {}

    /** The nearest one, of two equally near ones the even one. What is no number stays none, and is quiet. */
    static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = bits + 0x7fff + (bits >>> 16 & 1); // may carry into the exponent, up to infinity, which is right
        boolean isNaN = (bits & 0x7fff_ffff) > 0x7f80_0000;
        return (short) ((isNaN ? bits | 0x40_0000 : rounded) >>> 16);
    }

    static float toFloat(short upper) {
        return Float.intBitsToFloat(upper << 16);
    }
}
