package io.resnetspark.model;

/** The shape of one image's activations: channels x height x width, without the batch. */
public record Shape(int channels, int height, int width) {
    public Shape {
        if (channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "A shape needs at least one channel, row and column, not " + channels + "x" + height + "x" + width);
        }
    }

    public static Shape square(int channels, int side) {
        return new Shape(channels, side, side);
    }

    public static Shape vector(int length) {
        return new Shape(length, 1, 1);
    }

    public long elements() {
        return (long) channels * height * width;
    }

    public long[] withBatch(long batch) {
        return new long[] {batch, channels, height, width};
    }

    @Override
    public String toString() {
        return channels + "x" + height + "x" + width;
    }
}
