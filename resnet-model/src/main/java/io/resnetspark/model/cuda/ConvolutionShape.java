package io.resnetspark.model.cuda;

/** A square convolution of a batch on a GPU, where channels are padded as its kernels require. */
record ConvolutionShape(
        int batch, int channels, int height, int width, int outputs, int kernel, int stride, int padding) {
    ConvolutionShape withBatch(int size) {
        return new ConvolutionShape(size, channels, height, width, outputs, kernel, stride, padding);
    }

    int outputHeight() {
        return (height + 2 * padding - kernel) / stride + 1;
    }

    int outputWidth() {
        return (width + 2 * padding - kernel) / stride + 1;
    }

    /** Whether it is a matrix product in channels-last layout. */
    boolean isMatrixProduct() {
        return kernel == 1 && stride == 1 && padding == 0;
    }

    /** Pixels of all outputs. */
    int rows() {
        return batch * outputHeight() * outputWidth();
    }

    long inputElements() {
        return (long) batch * height * width * channels;
    }

    long outputElements() {
        return (long) rows() * outputs;
    }

    long weightElements() {
        return (long) outputs * kernel * kernel * channels;
    }

    /** Elements of the result. */
    long elements(Direction direction) {
        return switch (direction) {
            case FORWARD -> outputElements();
            case BACKWARD_DATA -> inputElements();
            case BACKWARD_FILTER -> weightElements();
        };
    }

    long multiplyAdds() {
        return (long) rows() * outputs * kernel * kernel * channels;
    }

    @Override
    public String toString() {
        return batch + "x" + height + "x" + width + "x" + channels + " to " + outputs + ", " + kernel + "x" + kernel
                + "/" + stride + (padding == kernel / 2 ? "" : " padded by " + padding);
    }
}
