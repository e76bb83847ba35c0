package io.resnetspark.model.weights;

import java.util.Arrays;

/** A named weight outside of any framework: its shape, and its values in row-major order. */
public final class Tensor {
    private final long[] shape;
    private final float[] values;

    /** @throws IllegalArgumentException if shape and values do not fit together */
    public Tensor(long[] shape, float[] values) {
        long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (elements != values.length) {
            throw new IllegalArgumentException(
                    "Shape " + Arrays.toString(shape) + " wants " + elements + " values, not " + values.length);
        }
        this.shape = shape;
        this.values = values;
    }

    long[] shape() {
        return shape;
    }

    float[] values() {
        return values;
    }

    boolean isFinite() {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tensor that && Arrays.equals(shape, that.shape) && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(shape) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "Tensor" + Arrays.toString(shape);
    }
}
