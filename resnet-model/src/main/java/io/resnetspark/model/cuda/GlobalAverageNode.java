package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;
import java.util.List;

/** The mean of each channel over an image. */
final class GlobalAverageNode implements Node {
    private static final String PART = "global average";

    private final Activation input;
    private final Activation output;

    GlobalAverageNode(Activation input) {
        this.input = input;
        this.output = new Activation(Shape.vector(input.shape().channels()));
    }

    @Override
    public List<Activation> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(ExecutionPlan plan) {
        plan.launch(
                PART,
                "average",
                Grid.of(plan.groups(output)),
                plan.read(input),
                plan.write(output),
                plan.batch(),
                input.pixels(),
                groups(plan));
    }

    private int groups(ExecutionPlan plan) {
        return output.shape().channels() / plan.vectorWidth();
    }

    @Override
    public void backward(ExecutionPlan plan) {
        Buffer gradient = plan.gradient(output);
        Buffer spread = plan.allocateFor(input);
        plan.launch(
                PART,
                "backward_average",
                Grid.of(plan.groups(input)),
                gradient,
                spread,
                plan.batch(),
                input.pixels(),
                groups(plan));
        plan.release(gradient);
        plan.addGradient(input, spread);
    }

    @Override
    public Activation output() {
        return output;
    }
}
