package io.resnetspark.train.recipe;

import java.io.Serializable;

/** The optimizer that steps along the change of the average; without one, the average is the next state. */
public sealed interface OuterOptimizer extends Serializable {
    /** The average is the next state. */
    record None() implements OuterOptimizer {}

    /**
     * SlowMo (Wang et al. 2019): u = momentum u + (x - average) / learning rate; x = x - learningRate learning-rate u. With a
     * learning rate of 1 and a momentum of 0 it is {@link None}.
     */
    record SlowMomentum(double learningRate, double momentum) implements OuterOptimizer {}

    /**
     * As DiLoCo (Douillard et al. 2023), Nesterov's momentum on d = x - average: v = momentum v + d;
     * x = x - learningRate (d + momentum v).
     */
    record Nesterov(double learningRate, double momentum) implements OuterOptimizer {}

    /** Whether it has a velocity of its own. */
    default boolean hasVelocity() {
        return !(this instanceof None);
    }

    static OuterOptimizer read(Section section) {
        String kind = section.choice("kind", "none", "slow-momentum", "nesterov");
        OuterOptimizer optimizer = new None();
        if (!kind.equals("none")) {
            double learningRate = section.number("learning-rate", 1e-6, 100);
            double momentum = section.number("momentum", 0, 0.999999);
            optimizer = kind.equals("nesterov")
                    ? new Nesterov(learningRate, momentum)
                    : new SlowMomentum(learningRate, momentum);
        }
        section.refuseUnknown();
        return optimizer;
    }
}
