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
        Shape out = output.shape();
        int groups = out.channels() / plan.lanes();
        positions = plan.isTraining() ? plan.take(plan.groups(output) * plan.lanes()) : null;
        plan.launch(
                PART,
                "max_pool_" + window.kernel(),
                Grid.ofRows((long) plan.batch() * out.height(), out.width() * groups),
                plan.read(activation()),
                input instanceof Normalized still ? plan.table(still) : null,
                plan.write(output),
                positions,
                input.shape().height(),
                input.shape().width(),
                out.height(),
                out.width(),
                groups);
    }

    @Override
    public void backward(Plan plan) {
        List<Place> parts = plan.gradients(output);
        Place second = parts.size() > 1 ? parts.get(1) : null;
        Place gradient = plan.takeFor(activation());
        Shape shape = input.shape();
        int groups = shape.channels() / plan.lanes();
        plan.launch(
                PART,
                "backward_max_pool_" + window.kernel(),
                Grid.ofRows((long) plan.batch() * squares(shape.height()), squares(shape.width()) * groups),
                parts.get(0),
                second,
                positions,
                gradient,
                shape.height(),
                shape.width(),
                output.shape().height(),
                output.shape().width(),
                groups);
        plan.release(parts.get(0));
        plan.release(second);
        plan.release(positions);
        if (input instanceof Normalized still) {
            NormalizationGradient.of(plan, still, gradient, null, null, null).contribute(gradient, null, gradient);
        } else {
            plan.contribute(activation(), gradient);
        }
    }

    /** How many squares of the window's stride cover so many pixels. */
    private int squares(int pixels) {
        return (pixels + window.stride() - 1) / window.stride();
    }

    @Override
    public Activation output() {
        return output;
    }
}
