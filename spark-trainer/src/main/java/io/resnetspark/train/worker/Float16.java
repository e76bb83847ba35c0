package io.resnetspark.train.worker;

/** IEEE 754's binary16, which Java has a type for only since 20. */
public final class Float16 {
    private Float16() {}

    /** The nearest one, of two equally near ones the even one; beyond 65,519 infinity. */
    public static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 65_520) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x1p-14f) {
            // Subnormal: multiples of 2^-24. Multiplying is exact; rint rounds to even.
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24f));
        }
        int exponent = (bits >>> 23 & 0xff) - 127 + 15;
        int mantissa = bits & 0x7fffff;
        int rounded = (exponent << 10 | mantissa >>> 13);
        int rest = mantissa & 0x1fff;
        if (rest > 0x1000 || (rest == 0x1000 && (rounded & 1) == 1)) {
            rounded++; // may carry into the exponent, which is right
        }
        return (short) (sign | rounded);
    }

    public static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >>> 10 & 0x1f;
        int mantissa = half & 0x3ff;
        if (exponent == 0) {
            float magnitude = mantissa * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        int widened = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | widened << 23 | mantissa << 13);
    }

    /** What is left of a value when it has gone through float16. */
    public static float round(float value) {
        return toFloat(of(value));
    }
}
