package io.resnetspark.train.dtype;

/** IEEE 754's binary16, which Java has a type for only since 20. Without branches, which mixed magnitudes would mispredict. */
final class Float16 {
    private static final int INFINITY = 0x7c00;
    private static final int NAN = 0x7e00;
    /** 2^16 as a float: it and all above round to infinity. */
    private static final int BEYOND = 0x4780_0000;
    /** The smallest normal number is 2^-14; its exponent as a float has it. */
    private static final int LEAST_EXPONENT = 127 - 14;

    private Float16() {}

    /** The nearest one, of two equally near ones the even one; beyond 65,519 infinity. */
    static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        int magnitude = bits & 0x7fff_ffff;
        int finite = Math.min(magnitude, BEYOND);
        int exponent = Math.max(finite >>> 23, LEAST_EXPONENT);
        // A power of two whose last bit is worth as much as this half's: adding it rounds, as the processor rounds.
        int power = (exponent + 13) << 23;
        int units = Float.floatToRawIntBits(Float.intBitsToFloat(finite) + Float.intBitsToFloat(power)) - power;
        int half = ((exponent - LEAST_EXPONENT) << 10) + units; // may carry into the exponent, which is right
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
}
