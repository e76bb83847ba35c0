package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;
import io.resnetspark.model.Window;
import java.util.List;

/** Max pooling; of the stem in one walk with its normalisation and ReLU. */
final class MaxPoolNode implements Node {
    private static final String PART = "max pooling";

    private final Value input;
    private final Window window;
    private final Activation output;
    private Place positions;

    /** @param input an activation, or one to be normalised with ReLU */
    MaxPoolNode(Value input, Window window) {
        if (!window.equals(new Window(3, 2)) && !window.equals(new Window(2, 2))) {
            throw new IllegalArgumentException("The GPU's kernels pool 3x3 or 2x2 pixels, each second, not " + window);
        }
        this.input = input;
        this.window = window;
        this.output = new Activation(window.slide(input.shape(), input.shape().channels()));
    }

    private Activation activation() {
        return input instanceof Normalized still ? still.input() : (Activation) input;
    }

    @Override
    public List<Activation> inputs() {
        return List.of(activation());
    }

    @Override
    public void forward(Plan plan) {
        long groups = plan.groups(output);
        positions = plan.isTraining() ? plan.take(groups * plan.lanes()) : null;
        plan.launch(
                PART,
                "max_pool_" + window.kernel(),
                Grid.of(groups),
                plan.read(activation()),
                input instanceof Normalized still ? plan.table(still) : null,
                plan.write(output),
                positions,
                plan.batch(),
                input.shape().height(),
                input.shape().width(),
                output.shape().height(),
                output.shape().width(),
                output.shape().channels() / plan.lanes());
    }

    @Override
    public void backward(Plan plan) {
        List<Place> parts = plan.gradients(output);
        Place second = parts.size() > 1 ? parts.get(1) : null;
        Place gradient = plan.takeFor(activation());
        Shape shape = input.shape();
        plan.launch(
                PART,
                "backward_max_pool_" + window.kernel(),
                Grid.of(plan.groups(activation())),
                parts.get(0),
                second,
                positions,
                gradient,
                plan.batch(),
                shape.height(),
                shape.width(),
                output.shape().height(),
                output.shape().width(),
                shape.channels() / plan.lanes());
        plan.release(parts.get(0));
        plan.release(second);
        plan.release(positions);
        if (input instanceof Normalized still) {
            NormalizationGradient.of(plan, still, gradient, null, null, null).contribute(gradient, null, gradient);
        } else {
            plan.contribute(activation(), gradient);
        }
    }

    @Override
    public Activation output() {
        return output;
    }
}
