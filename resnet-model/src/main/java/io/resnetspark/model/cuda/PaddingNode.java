package io.resnetspark.model.cuda;

import io.resnetspark.model.Window;
import java.util.List;

/** The shortcut without parameters (paper, option A): every {@code stride}-th pixel, and channels of zeros around. */
final class PaddingNode implements Node {
    private static final String PART = "padded shortcuts";

    private final Activation input;
    private final Activation output;
    private final int stride;

    PaddingNode(Activation input, int stride, int outputs) {
        this.input = input;
        this.stride = stride;
        this.output = new Activation(new Window(1, stride).slide(input.shape(), outputs));
    }

    @Override
    public List<Activation> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(Plan plan) {
        launch(plan, "pad_channels", output, plan.read(input), plan.write(output));
    }

    private void launch(Plan plan, String kernel, Activation over, Place from, Place to) {
        int before = (output.shape().channels() - input.shape().channels()) / 2;
        if (before % plan.lanes() != 0) {
            throw new IllegalArgumentException("The GPU's kernels add multiples of " + plan.lanes()
                    + " channels on each side of a shortcut, not " + before + "; --kernels onednn adds any number.");
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
                input.shape().channels() / plan.lanes(),
                output.shape().channels() / plan.lanes());
    }

    @Override
    public void backward(Plan plan) {
        Place gradient = plan.gradient(output);
        Place inputGradient = plan.takeFor(input);
        launch(plan, "backward_pad_channels", input, gradient, inputGradient);
        plan.release(gradient);
        plan.contribute(input, inputGradient);
    }

    @Override
    public Activation output() {
        return output;
    }
}
