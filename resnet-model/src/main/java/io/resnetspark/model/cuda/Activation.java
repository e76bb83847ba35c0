package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;

/** A tensor in device memory between two layers: batch x height x width x channels; compared by identity. */
final class Activation implements NodeOutput {
    private final Shape shape;

    Activation(Shape shape) {
        this.shape = shape;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    int pixels() {
        return shape.height() * shape.width();
    }
}
