package io.resnetspark.model;

/**
 * A square kernel and its stride. Padding keeps the size at stride 1 (odd kernels; even ones are not padded). Output
 * sizes are rounded down, as in Caffe and PyTorch.
 */
public record KernelGeometry(int kernel, int stride) {
    public KernelGeometry {
        if (kernel < 1 || stride < 1) {
            throw new IllegalArgumentException(
                    "A window needs a positive kernel and stride, not kernel " + kernel + ", stride " + stride);
        }
    }

    public int padding() {
        return kernel % 2 == 0 ? 0 : kernel / 2;
    }

    /** @throws IllegalArgumentException if the input is too small for the stride */
    public Shape outputShape(Shape input, int outputChannels) {
        return new Shape(outputChannels, outputLength(input.height(), input), outputLength(input.width(), input));
    }

    private int outputLength(int length, Shape input) {
        if (stride > 1 && length < 2) {
            throw new IllegalArgumentException("a stride of " + stride + " cannot halve " + input);
        }
        return (length + 2 * padding() - kernel) / stride + 1;
    }
}
