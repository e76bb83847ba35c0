package io.resnetspark.model.cuda;

import java.util.List;

/** An addition without normalisation, as in pre-activation blocks. */
final class AdditionNode implements Node {
    private static final String PART = "additions";

    private final Activation residual;
    private final Activation shortcut;
    private final boolean relu;
    private final Activation output;
    private Buffer mask;

    AdditionNode(Activation residual, Activation shortcut, boolean relu) {
        this.residual = residual;
        this.shortcut = shortcut;
        this.relu = relu;
        this.output = new Activation(residual.shape());
    }

    @Override
    public List<Activation> inputs() {
        return List.of(residual, shortcut);
    }

    @Override
    public void forward(ExecutionPlan plan) {
        long groups = plan.groups(output);
        mask = relu && plan.isTraining() ? plan.allocate(groups) : null;
        plan.launch(
                PART,
                "addition",
                Grid.of(groups),
                plan.read(residual),
                plan.read(shortcut),
                plan.write(output),
                mask,
                groups,
                relu ? 1 : 0);
    }

    /** Both summands have the same gradient and share its buffer. */
    @Override
    public void backward(ExecutionPlan plan) {
        List<Buffer> parts = plan.gradients(output);
        Buffer gradient = parts.get(0);
        if (parts.size() > 1 || relu) {
            Buffer second = parts.size() > 1 ? parts.get(1) : null;
            Buffer sum = plan.isWritable(gradient) ? gradient : plan.allocateFor(output);
            long groups = plan.groups(output);
            plan.launch(PART, "masked_sum", Grid.of(groups), gradient, second, mask, sum, groups);
            plan.release(second);
            if (sum != gradient) {
                plan.release(gradient);
            }
            gradient = sum;
        }
        plan.release(mask);
        plan.addGradient(residual, gradient.retain());
        plan.addGradient(shortcut, gradient);
    }

    @Override
    public Activation output() {
        return output;
    }
}
