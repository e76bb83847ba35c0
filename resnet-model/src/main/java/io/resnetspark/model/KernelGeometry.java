package io.resnetspark.model;

/**
 * A square window that slides over an image, padded so that stride 1 keeps the size (odd kernels; even ones are not
 * padded), rounding down, as in Caffe and PyTorch.
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

    /** @throws IllegalArgumentException if the input is too small to be halved */
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
