package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;
import java.util.ArrayList;
import java.util.List;

/** The input images: floats, batch x channels x height x width, packed as the first convolution needs them. */
final class InputNode implements Node {
    /** Channels that images are padded to: 8 bytes in bfloat16, which cuDNN's kernels load at once. */
    static final int CHANNELS = 4;

    /** Channels after space-to-depth of 2x2 pixels: 12, padded. */
    static final int SPACE_TO_DEPTH_CHANNELS = 16;

    private final Shape image;
    private final boolean spaceToDepth;
    private final Activation output;

    /** @param spaceToDepth whether 2x2 pixels become channels, for a 7x7 convolution of stride 2 */
    InputNode(Shape image, boolean spaceToDepth) {
        this.image = image;
        this.spaceToDepth = spaceToDepth;
        int border = image.height() / 2 + 3;
        output = new Activation(
                spaceToDepth
                        ? Shape.square(SPACE_TO_DEPTH_CHANNELS, border)
                        : new Shape(CHANNELS, image.height(), image.width()));
    }

    @Override
    public List<Activation> inputs() {
        return List.of();
    }

    @Override
    public void forward(ExecutionPlan plan) {
        List<Object> arguments = new ArrayList<>(plan.takesUint8() ? levels(plan) : floats(plan));
        arguments.add(plan.write(output));
        arguments.addAll(List.of(plan.batch(), image.channels(), image.height(), image.width(), CHANNELS));
        String kernel = (plan.takesUint8() ? "pack_levels" : "pack_floats") + (spaceToDepth ? "_in_blocks" : "");
        plan.launch("images", kernel, Grid.of(plan.rows(output)), arguments.toArray());
    }

    private List<Object> floats(ExecutionPlan plan) {
        return List.of(plan.input(Input.IMAGES, plan.batch() * image.elements() * Float.BYTES));
    }

    private List<Object> levels(ExecutionPlan plan) {
        return List.of(
                plan.input(Input.PIXELS, plan.batch() * image.elements()),
                plan.input(Input.ADJUSTMENTS, (long) plan.batch() * Uint8Minibatch.ADJUSTMENT * Float.BYTES),
                plan.input(Input.MEAN, image.elements() * Float.BYTES),
                plan.input(Input.STD, Uint8Minibatch.STD * Float.BYTES));
    }

    @Override
    public void backward(ExecutionPlan plan) {
        // The gradient of an image is not needed.
    }

    @Override
    public Activation output() {
        return output;
    }
}
