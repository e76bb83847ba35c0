package io.resnetspark.model.cuda;

import io.resnetspark.model.KernelGeometry;
import java.util.List;

/** The parameter-free shortcut (paper, option A): every {@code stride}-th pixel, with zero channels on both sides. */
final class PaddedShortcutNode implements Node {
    private static final String PART = "padded shortcuts";

    private final Activation input;
    private final Activation output;
    private final int stride;

    PaddedShortcutNode(Activation input, int stride, int outputs) {
        this.input = input;
        this.stride = stride;
        this.output = new Activation(new KernelGeometry(1, stride).outputShape(input.shape(), outputs));
    }

    @Override
    public List<Activation> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(ExecutionPlan plan) {
        launch(plan, "pad_channels", output, plan.read(input), plan.write(output));
    }

    private void launch(ExecutionPlan plan, String kernel, Activation over, Buffer from, Buffer to) {
        int before = (output.shape().channels() - input.shape().channels()) / 2;
        if (before % plan.vectorWidth() != 0) {
            throw new IllegalArgumentException("The GPU's kernels add multiples of " + plan.vectorWidth()
                    + " channels on each side of a shortcut, not " + before
                    + "; on the CPU (kernels = onednn) any number is.");
        }
        plan.launch(
                PART,
                kernel,
                Grid.of(plan.groups(over)),
                from,
                to,
                plan.batch(),
                input.shape().height(),
                input.shape().width(),
                stride,
                input.shape().channels() / plan.vectorWidth(),
                output.shape().channels() / plan.vectorWidth());
    }

    @Override
    public void backward(ExecutionPlan plan) {
        Buffer gradient = plan.gradient(output);
        Buffer inputGradient = plan.allocateFor(input);
        launch(plan, "backward_pad_channels", input, gradient, inputGradient);
        plan.release(gradient);
        plan.addGradient(input, inputGradient);
    }

    @Override
    public Activation output() {
        return output;
    }
}
