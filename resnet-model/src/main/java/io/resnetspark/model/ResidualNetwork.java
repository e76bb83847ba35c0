package io.resnetspark.model;

import java.util.List;

/**
 * A residual network, or the plain one that it is compared with, as one line of numbers.
 *
 * @param depths blocks in each stage; each stage after the first halves the image and doubles the width
 */
public record ResidualNetwork(
        String name,
        Stem stem,
        Block block,
        Activation activation,
        Shortcut shortcut,
        List<Integer> depths,
        int classes)
        implements Network {

    public ResidualNetwork {
        depths = List.copyOf(depths);
    }

    @Override
    public Shape input() {
        return Shape.square(3, stem.side());
    }

    /** The same without shortcuts. */
    ResidualNetwork plain(String newName) {
        return with(newName, Shortcut.NONE);
    }

    ResidualNetwork projected() {
        return with(name, Shortcut.PROJECTED);
    }

    ResidualNetwork preactivated() {
        return new ResidualNetwork(name, stem, block, Activation.BEFORE_WEIGHTS, shortcut, depths, classes);
    }

    ResidualNetwork with(String newName, Shortcut newShortcut) {
        return new ResidualNetwork(newName, stem, block, activation, newShortcut, depths, classes);
    }

    @Override
    public <T> T assemble(Assembler<T> to, T image, int classes) {
        T x = to.normalize("bn1", to.convolve("conv1", image, stem.window(), stem.width()), true);
        if (stem.pools()) {
            x = to.maxPool("maxpool", x, new Window(3, 2));
        }
        int width = stem.width();
        for (int stage = 1; stage <= depths.size(); stage++) {
            for (int i = 0; i < depths.get(stage - 1); i++) {
                int stride = i == 0 && stage > 1 ? 2 : 1;
                String name = "layer" + stage + "." + i;
                x = switch (activation) {
                    case AFTER_WEIGHTS -> block(to, name, x, width, stride);
                    case BEFORE_WEIGHTS -> preactivated(to, name, x, width, stride, stage == 1 && i == 0);
                };
            }
            width *= 2;
        }
        if (activation == Activation.BEFORE_WEIGHTS) {
            x = to.normalize("norm", x, true);
        }
        return to.classify("fc", to.globalAverage("avgpool", x), classes);
    }

    private <T> T block(Assembler<T> to, String name, T input, int width, int stride) {
        T residual = input;
        int last = block.convolutions() - 1;
        for (int i = 0; i <= last; i++) {
            residual =
                    to.convolve(name + ".conv" + (i + 1), residual, block.window(i, stride), block.outputs(i, width));
            residual = to.normalize(name + ".bn" + (i + 1), residual, i < last || shortcut == Shortcut.NONE);
        }
        return added(to, name, residual, input, input, stride, true);
    }

    /**
     * Where the shape changes, both paths start from the activated input, and the projection is not normalised (as in
     * the authors' code). The first block of all takes the stem's activation as its own.
     */
    private <T> T preactivated(Assembler<T> to, String name, T input, int width, int stride, boolean first) {
        T activated = first ? input : to.normalize(name + ".bn1", input, true);
        T residual = activated;
        for (int i = 0; i < block.convolutions(); i++) {
            if (i > 0) {
                residual = to.normalize(name + ".bn" + (i + 1), residual, true);
            }
            residual =
                    to.convolve(name + ".conv" + (i + 1), residual, block.window(i, stride), block.outputs(i, width));
        }
        return added(to, name, residual, input, activated, stride, false);
    }

    private <T> T added(Assembler<T> to, String name, T residual, T input, T activated, int stride, boolean relu) {
        int outputs = to.shape(residual).channels();
        boolean changes = stride > 1 || to.shape(input).channels() != outputs;
        return switch (shortcut) {
            case NONE -> residual;
            case PADDED ->
                to.add(
                        name,
                        residual,
                        changes ? to.padChannels(name + ".downsample", activated, stride, outputs) : input,
                        relu);
            case PROJECTED ->
                to.add(name, residual, changes ? project(to, name, activated, stride, outputs) : input, relu);
            case ALL_PROJECTED -> to.add(name, residual, project(to, name, activated, stride, outputs), relu);
        };
    }

    private <T> T project(Assembler<T> to, String name, T input, int stride, int outputs) {
        T projected = to.convolve(name + ".downsample.0", input, new Window(1, stride), outputs);
        return activation == Activation.BEFORE_WEIGHTS
                ? projected
                : to.normalize(name + ".downsample.1", projected, false);
    }
}
