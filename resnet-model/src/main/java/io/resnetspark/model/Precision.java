package io.resnetspark.model;

import java.util.Locale;

/**
 * The number format of activations and of convolution products on a GPU. Weights, momentum, batch statistics and the
 * loss are always float32. CPUs compute in float32.
 */
public enum Precision {
    /** 24 bits of mantissa throughout. */
    FLOAT32(Float.BYTES),
    /** float32 in memory; tensor cores multiply with 11 bits of mantissa. Compute capability 8.0 and later. */
    TF32(Float.BYTES),
    /** 8 bits of mantissa and float32's range, for activations, gradients and a copy of the weights. 8.0 and later. */
    BFLOAT16(Short.BYTES);

    private final int bytes;

    Precision(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of an activation's value. */
    public int bytes() {
        return bytes;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
