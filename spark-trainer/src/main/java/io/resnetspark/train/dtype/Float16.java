package io.resnetspark.train.dtype;

/** IEEE 754's binary16, which Java has a type for only since 20. Without branches, which mixed magnitudes would mispredict. */
final class Float16 {
    private static final int INFINITY = 0x7c00;
    private static final int NAN = 0x7e00;
    /** 2^16 as a float: it and all above round to infinity. */
    private static final int BEYOND = 0x4780_0000;
    /** The smallest normal number is 2^-14; its exponent as a float has it. */
    private static final int MIN_EXPONENT = 127 - 14;

    private Float16() {}

    /** The nearest one, of two equally near ones the even one; beyond 65,519 infinity. */
    static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        int magnitude = bits & 0x7fff_ffff;
        int finite = Math.min(magnitude, BEYOND);
        int exponent = Math.max(finite >>> 23, MIN_EXPONENT);
        float power = power(exponent);
        int units = Float.floatToRawIntBits(Float.intBitsToFloat(finite) + power) - Float.floatToRawIntBits(power);
        int half = ((exponent - MIN_EXPONENT) << 10) + units; // may carry into the exponent, which is right
        return (short) ((bits >>> 16 & 0x8000) | (magnitude > 0x7f80_0000 ? NAN : half));
    }

    static float toFloat(short half) {
        int magnitude = half & 0x7fff;
        int exponent = Math.max(magnitude >>> 10, 1); // subnormals have the least normal one's
        int units = magnitude - ((exponent - 1) << 10);
        float finite = units * Float.intBitsToFloat((exponent - 25 + 127) << 23);
        int bits = magnitude >= INFINITY ? 0x7f80_0000 | magnitude << 13 : Float.floatToRawIntBits(finite);
        return Float.intBitsToFloat((half & 0x8000) << 16 | bits);
    }

    /** {@link #toFloat} of {@link #of}, in half the time. */
    static float rounded(float value) {
        int finite = Math.min(Float.floatToRawIntBits(value) & 0x7fff_ffff, BEYOND);
        float power = power(Math.max(finite >>> 23, MIN_EXPONENT));
        float rounded = Math.abs(value) + power - power;
        return Math.copySign(rounded >= 0x1p16f ? Float.POSITIVE_INFINITY : rounded, value);
    }

    /** Of two; its last bit is worth as much as that of a half with this exponent: adding it rounds, as the processor rounds. */
    private static float power(int exponent) {
        return Float.intBitsToFloat((exponent + 13) << 23);
    }
}
