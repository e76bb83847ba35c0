package io.resnetspark.model.weights;

import java.util.Arrays;

/** A weight tensor, independent of any framework: its shape, and its values in row-major order. */
public final class Tensor {
    private final long[] shape;
    private final float[] values;

    /** @throws IllegalArgumentException if shape and values do not match */
    public Tensor(long[] shape, float[] values) {
        long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (elements != values.length) {
            throw new IllegalArgumentException(
                    "Shape " + Arrays.toString(shape) + " wants " + elements + " values, not " + values.length);
        }
        this.shape = shape;
        this.values = values;
    }

    /**
     * A copy in which some rows are replaced by another tensor's; rows are indexed by the first dimension.
     *
     * @param from for each row, the row of {@code other} to copy, or a negative number to keep it
     * @throws IllegalArgumentException if the rows of the two differ in shape
     */
    public Tensor withRows(int[] from, Tensor other) {
        if (from.length != shape[0] || !Arrays.equals(shape, 1, shape.length, other.shape, 1, other.shape.length)) {
            throw new IllegalArgumentException("Rows of " + other + " do not fit into " + this);
        }
        float[] copy = values.clone();
        int length = copy.length / from.length;
        for (int row = 0; row < from.length; row++) {
            if (from[row] >= 0) {
                System.arraycopy(other.values, from[row] * length, copy, row * length, length);
            }
        }
        return new Tensor(shape.clone(), copy);
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
