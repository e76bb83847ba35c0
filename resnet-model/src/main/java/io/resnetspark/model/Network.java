package io.resnetspark.model;

import java.util.List;

/**
 * One residual network as data: one line of numbers in {@link Networks}.
 *
 * @param depths blocks in each stage; each stage after the first halves the image and doubles the width
 * @param classes classes it was published with; any number can be asked for
 */
public record Network(String name, Stem stem, Block block, Shortcut shortcut, List<Integer> depths, int classes) {
    public Network {
        depths = List.copyOf(depths);
    }

    /** The published input: 3 x 224 x 224 or 3 x 32 x 32. */
    public Shape input() {
        return Shape.square(3, stem.side());
    }

    public Census census() {
        return census(input(), classes);
    }

    public Census census(Shape input, int classes) {
        return Census.of(this, input, classes);
    }

    /** The only place that knows how a residual network is put together. */
    public <T> T assemble(Assembler<T> to, T image, int classes) {
        T x = to.convolve("conv1", "bn1", image, stem.window(), stem.width(), true);
        if (stem.pools()) {
            x = to.maxPool("maxpool", x, new Window(3, 2));
        }
        int width = stem.width();
        for (int stage = 1; stage <= depths.size(); stage++) {
            for (int i = 0; i < depths.get(stage - 1); i++) {
                int stride = i == 0 && stage > 1 ? 2 : 1;
                x = block(to, "layer" + stage + "." + i, x, width, stride);
            }
            width *= 2;
        }
        return to.classify("fc", to.globalAverage("avgpool", x), classes);
    }

    private <T> T block(Assembler<T> to, String name, T input, int width, int stride) {
        T residual = input;
        int last = block.convolutions() - 1;
        for (int i = 0; i <= last; i++) {
            residual = to.convolve(
                    name + ".conv" + (i + 1),
                    name + ".bn" + (i + 1),
                    residual,
                    block.window(i, stride),
                    block.outputs(i, width),
                    i < last);
        }
        return to.add(name, residual, shortcut(to, name + ".downsample", input, block.outputs(last, width), stride));
    }

    private <T> T shortcut(Assembler<T> to, String name, T input, int outputs, int stride) {
        if (stride == 1 && to.shape(input).channels() == outputs) {
            return input;
        }
        return switch (shortcut) {
            case PADDED -> to.padChannels(name, input, stride, outputs);
            case PROJECTED -> to.convolve(name + ".0", name + ".1", input, new Window(1, stride), outputs, false);
        };
    }
}
