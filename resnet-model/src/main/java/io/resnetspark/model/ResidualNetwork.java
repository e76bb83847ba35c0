package io.resnetspark.model;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A residual network, or the plain one that it is compared with, described by one line of numbers.
 *
 * @param depths blocks per stage; each stage after the first halves the image and doubles the width
 */
public record ResidualNetwork(
        String name,
        Stem stem,
        Block block,
        ActivationOrder order,
        Shortcut shortcut,
        List<Integer> depths,
        int classes)
        implements Network {

    private static final Map<String, Shortcut> SUFFIXES =
            new TreeMap<>(Map.of("a", Shortcut.PADDED, "b", Shortcut.PROJECTED, "c", Shortcut.ALL_PROJECTED));

    public ResidualNetwork {
        depths = List.copyOf(depths);
    }

    @Override
    public Shape input() {
        return Shape.square(3, stem.side());
    }

    @Override
    public List<Network> variants() {
        if (shortcut == Shortcut.NONE) {
            return List.of();
        }
        return SUFFIXES.entrySet().stream()
                .filter(other -> other.getValue() != shortcut)
                .<Network>map(other -> with(name + "-" + other.getKey(), other.getValue()))
                .toList();
    }

    /** A copy without shortcuts. */
    ResidualNetwork plain(String newName) {
        return with(newName, Shortcut.NONE);
    }

    ResidualNetwork projected() {
        return with(name, Shortcut.PROJECTED);
    }

    ResidualNetwork preactivated() {
        return new ResidualNetwork(name, stem, block, ActivationOrder.PRE_ACTIVATION, shortcut, depths, classes);
    }

    ResidualNetwork with(String newName, Shortcut newShortcut) {
        return new ResidualNetwork(newName, stem, block, order, newShortcut, depths, classes);
    }

    @Override
    public <T> T accept(NetworkVisitor<T> visitor, T image, int classes) {
        T x = visitor.normalize("bn1", visitor.convolve("conv1", image, stem.geometry(), stem.width()), true);
        if (stem.hasMaxPool()) {
            x = visitor.maxPool("maxpool", x, new KernelGeometry(3, 2));
        }
        int width = stem.width();
        for (int stage = 1; stage <= depths.size(); stage++) {
            for (int i = 0; i < depths.get(stage - 1); i++) {
                int stride = i == 0 && stage > 1 ? 2 : 1;
                String name = "layer" + stage + "." + i;
                x = switch (order) {
                    case POST_ACTIVATION -> block(visitor, name, x, width, stride);
                    case PRE_ACTIVATION -> preactivated(visitor, name, x, width, stride, stage == 1 && i == 0);
                };
            }
            width *= 2;
        }
        if (order == ActivationOrder.PRE_ACTIVATION) {
            x = visitor.normalize("norm", x, true);
        }
        return visitor.classify("fc", visitor.globalAverage("avgpool", x), classes);
    }

    private <T> T block(NetworkVisitor<T> visitor, String name, T input, int width, int stride) {
        T residual = input;
        int last = block.convolutions() - 1;
        for (int i = 0; i <= last; i++) {
            residual = visitor.convolve(
                    name + ".conv" + (i + 1), residual, block.geometry(i, stride), block.outputs(i, width));
            residual = visitor.normalize(name + ".bn" + (i + 1), residual, i < last || shortcut == Shortcut.NONE);
        }
        return added(visitor, name, residual, input, input, stride, true);
    }

    /**
     * If the shape changes, both paths start from the activated input, and the projection is not normalised (as in the
     * authors' code). The first block of all uses the stem's activation.
     */
    private <T> T preactivated(NetworkVisitor<T> visitor, String name, T input, int width, int stride, boolean first) {
        T activated = first ? input : visitor.normalize(name + ".bn1", input, true);
        T residual = activated;
        for (int i = 0; i < block.convolutions(); i++) {
            if (i > 0) {
                residual = visitor.normalize(name + ".bn" + (i + 1), residual, true);
            }
            residual = visitor.convolve(
                    name + ".conv" + (i + 1), residual, block.geometry(i, stride), block.outputs(i, width));
        }
        return added(visitor, name, residual, input, activated, stride, false);
    }

    private <T> T added(
            NetworkVisitor<T> visitor, String name, T residual, T input, T activated, int stride, boolean relu) {
        int outputs = visitor.shape(residual).channels();
        boolean changes = stride > 1 || visitor.shape(input).channels() != outputs;
        return switch (shortcut) {
            case NONE -> residual;
            case PADDED ->
                visitor.add(
                        name,
                        residual,
                        changes ? visitor.padChannels(name + ".downsample", activated, stride, outputs) : input,
                        relu);
            case PROJECTED ->
                visitor.add(name, residual, changes ? project(visitor, name, activated, stride, outputs) : input, relu);
            case ALL_PROJECTED -> visitor.add(name, residual, project(visitor, name, activated, stride, outputs), relu);
        };
    }

    private <T> T project(NetworkVisitor<T> visitor, String name, T input, int stride, int outputs) {
        T projected = visitor.convolve(name + ".downsample.0", input, new KernelGeometry(1, stride), outputs);
        return order == ActivationOrder.PRE_ACTIVATION
                ? projected
                : visitor.normalize(name + ".downsample.1", projected, false);
    }
}
