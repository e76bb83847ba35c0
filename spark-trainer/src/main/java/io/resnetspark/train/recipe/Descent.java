package io.resnetspark.train.recipe;

import java.io.Serializable;

/**
 * How a step is made of a gradient.
 *
 * @param nesterov Nesterov's momentum, or the heavy ball
 * @param decayEverything whether weight decay acts on batch normalisation and biases too, as in the paper
 * @param labelSmoothing part of the target that is spread over all classes, 0 to 1
 * @param largestGradientNorm 0 for no bound
 */
public record Descent(
        double momentum,
        boolean nesterov,
        double weightDecay,
        boolean decayEverything,
        double labelSmoothing,
        double largestGradientNorm)
        implements Serializable {

    static Descent read(Section root) {
        return new Descent(
                root.number("momentum", 0, 0.999999),
                root.flag("nesterov"),
                root.number("weight-decay", 0, 1),
                root.choice("weight-decay-on", "all", "weights").equals("all"),
                root.number("label-smoothing", 0, 0.999),
                root.number("largest-gradient-norm", 0, 1e9));
    }
}
