package io.resnetspark.model.cuda;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;
import java.util.List;

/** Max pooling; the stem's is fused with its normalisation and ReLU. */
final class MaxPoolNode implements Node {
    private static final String PART = "max pooling";

    private final NodeOutput input;
    private final KernelGeometry geometry;
    private final Activation output;
    private Buffer positions;

    /** @param input an activation, or a deferred normalisation with ReLU */
    MaxPoolNode(NodeOutput input, KernelGeometry geometry) {
        if (!geometry.equals(new KernelGeometry(3, 2)) && !geometry.equals(new KernelGeometry(2, 2))) {
            throw new IllegalArgumentException(
                    "The GPU's kernels pool 3x3 or 2x2 pixels, each second, not " + geometry);
        }
        this.input = input;
        this.geometry = geometry;
        this.output =
                new Activation(geometry.outputShape(input.shape(), input.shape().channels()));
    }

    private Activation activation() {
        return input instanceof DeferredNormalization deferred ? deferred.input() : (Activation) input;
    }

    @Override
    public List<Activation> inputs() {
        return List.of(activation());
    }

    @Override
    public void forward(ExecutionPlan plan) {
        Shape out = output.shape();
        int groups = out.channels() / plan.vectorWidth();
        positions = plan.isTraining() ? plan.allocate(plan.groups(output) * plan.vectorWidth()) : null;
        plan.launch(
                PART,
                "max_pool_" + geometry.kernel(),
                Grid.ofRows((long) plan.batch() * out.height(), out.width() * groups),
                plan.read(activation()),
                input instanceof DeferredNormalization deferred ? plan.normalizationTable(deferred) : null,
                plan.write(output),
                positions,
                input.shape().height(),
                input.shape().width(),
                out.height(),
                out.width(),
                groups);
    }

    @Override
    public void backward(ExecutionPlan plan) {
        List<Buffer> parts = plan.gradients(output);
        Buffer second = parts.size() > 1 ? parts.get(1) : null;
        Buffer gradient = plan.allocateFor(activation());
        Shape shape = input.shape();
        int groups = shape.channels() / plan.vectorWidth();
        plan.launch(
                PART,
                "backward_max_pool_" + geometry.kernel(),
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
        if (input instanceof DeferredNormalization deferred) {
            NormalizationGradient.of(plan, deferred, gradient, null, null, null).contribute(gradient, null, gradient);
        } else {
            plan.addGradient(activation(), gradient);
        }
    }

    /** The number of stride-sized squares that cover this many pixels. */
    private int squares(int pixels) {
        return (pixels + geometry.stride() - 1) / geometry.stride();
    }

    @Override
    public Activation output() {
        return output;
    }
}
