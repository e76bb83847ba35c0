package io.resnetspark.model;

import java.util.List;
import java.util.stream.IntStream;

/** A network as data: a line of {@link Networks}, whose layers {@link #accept} visits. */
public interface Network {
    String name();

    /** The published number of classes; any other can be used. */
    int classes();

    /** The published input: 3 x 224 x 224 or 3 x 32 x 32. */
    Shape input();

    /** The same network with other shortcuts, each under a name of its own; none if it has no choice of them. */
    default List<Network> variants() {
        return List.of();
    }

    /** Visits every layer, in order. Only this method knows the network's structure. */
    <T> T accept(NetworkVisitor<T> visitor, T image, int classes);

    default ModelSummary summary() {
        return summary(input(), classes());
    }

    /**
     * @throws IllegalArgumentException for an unsuitable input or number of classes, with the ones that are possible
     */
    default ModelSummary summary(Shape input, int classes) {
        if (classes < 1) {
            throw new IllegalArgumentException(
                    name() + " cannot tell " + classes + " classes apart; wanted at least 1.");
        }
        try {
            return ModelSummary.of(this, input, classes);
        } catch (IllegalArgumentException tooSmall) {
            throw new IllegalArgumentException(
                    name() + " cannot take images of " + input + " (" + tooSmall.getMessage() + "); the smallest are "
                            + smallestInput(input.channels()) + ".",
                    tooSmall);
        }
    }

    /**
     * Whether it takes images of any size, with the same parameters: global average pooling comes before the
     * classifier.
     */
    default boolean takesAnySize() {
        Shape larger = new Shape(input().channels(), 2 * input().height(), 3 * input().width());
        return summary(larger, classes()).parameters() == summary().parameters();
    }

    private Shape smallestInput(int channels) {
        return IntStream.rangeClosed(1, input().height())
                .mapToObj(side -> Shape.square(channels, side))
                .filter(this::fits)
                .findFirst()
                .orElseGet(this::input);
    }

    private boolean fits(Shape input) {
        try {
            ModelSummary.of(this, input, classes());
            return true;
        } catch (IllegalArgumentException tooSmall) {
            return false;
        }
    }
}
