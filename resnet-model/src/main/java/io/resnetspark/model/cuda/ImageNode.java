package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;
import java.util.ArrayList;
import java.util.List;

/** Where images come in: floats, batch x channels x height x width, packed as the first convolution wants them. */
final class ImageNode implements Node {
    /** Channels that images are padded to: 8 bytes in bfloat16, which cuDNN's kernels can load at once. */
    static final int DEPTH = 4;

    /** Channels of blocks of 2x2 pixels: 12, padded. */
    static final int BLOCK_DEPTH = 16;

    private final Shape image;
    private final boolean blocks;
    private final Activation output;

    /** @param blocks whether 2x2 pixels become channels, for a 7x7 convolution of stride 2 */
    ImageNode(Shape image, boolean blocks) {
        this.image = image;
        this.blocks = blocks;
        int border = image.height() / 2 + 3;
        output = new Activation(
                blocks ? Shape.square(BLOCK_DEPTH, border) : new Shape(DEPTH, image.height(), image.width()));
    }

    Shape image() {
        return image;
    }

    @Override
    public List<Activation> inputs() {
        return List.of();
    }

    @Override
    public void forward(Plan plan) {
        List<Object> arguments = new ArrayList<>(plan.takesLevels() ? levels(plan) : floats(plan));
        arguments.add(plan.write(output));
        arguments.addAll(List.of(plan.batch(), image.channels(), image.height(), image.width(), DEPTH));
        String kernel = (plan.takesLevels() ? "pack_levels" : "pack_floats") + (blocks ? "_in_blocks" : "");
        plan.launch("images", kernel, Grid.of(plan.rows(output)), arguments.toArray());
    }

    private List<Object> floats(Plan plan) {
        return List.of(plan.input(Input.IMAGES, plan.batch() * image.elements() * Float.BYTES));
    }

    private List<Object> levels(Plan plan) {
        return List.of(
                plan.input(Input.LEVELS, plan.batch() * image.elements()),
                plan.input(Input.ADJUSTMENTS, (long) plan.batch() * LevelMinibatch.ADJUSTMENT * Float.BYTES),
                plan.input(Input.MEAN, image.elements() * Float.BYTES),
                plan.input(Input.STD, LevelMinibatch.STD * Float.BYTES));
    }

    @Override
    public void backward(Plan plan) {
        // Nobody asks for the gradient of an image.
    }

    @Override
    public Activation output() {
        return output;
    }
}
