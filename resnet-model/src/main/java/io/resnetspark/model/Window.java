package io.resnetspark.model;

/** A square window that slides over an image, padded by half its size on every side, as in Caffe and PyTorch. */
public record Window(int kernel, int stride) {
    public Window {
        if (kernel < 1 || kernel % 2 == 0 || stride < 1) {
            throw new IllegalArgumentException(
                    "A window needs an odd kernel and a positive stride, not kernel " + kernel + ", stride " + stride);
        }
    }

    public int padding() {
        return kernel / 2;
    }

    public Shape slide(Shape input, int outputChannels) {
        return new Shape(outputChannels, steps(input.height()), steps(input.width()));
    }

    private int steps(int length) {
        return (length + 2 * padding() - kernel) / stride + 1;
    }
}
