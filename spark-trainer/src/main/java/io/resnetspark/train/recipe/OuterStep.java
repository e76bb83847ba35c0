package io.resnetspark.train.recipe;

import java.io.Serializable;

/** What is made of an average: the next parameters themselves, or a direction in which an outer optimiser steps. */
public sealed interface OuterStep extends Serializable {
    /** The average is the next state. */
    record None() implements OuterStep {}

    /**
     * SlowMo (Wang et al. 2019): u = momentum u + (x - average) / learning rate; x = x - rate learning-rate u. With a
     * rate of 1 and a momentum of 0 it is {@link None}.
     */
    record SlowMomentum(double rate, double momentum) implements OuterStep {}

    /**
     * As DiLoCo (Douillard et al. 2023), Nesterov's momentum on d = x - average: v = momentum v + d;
     * x = x - rate (d + momentum v).
     */
    record Nesterov(double rate, double momentum) implements OuterStep {}

    /** Whether it needs a velocity of its own. */
    default boolean remembers() {
        return !(this instanceof None);
    }

    static OuterStep read(Section section) {
        String kind = section.choice("kind", "none", "slow-momentum", "nesterov");
        OuterStep step = new None();
        if (!kind.equals("none")) {
            double rate = section.number("rate", 1e-6, 100);
            double momentum = section.number("momentum", 0, 0.999999);
            step = kind.equals("nesterov") ? new Nesterov(rate, momentum) : new SlowMomentum(rate, momentum);
        }
        section.refuseUnknown();
        return step;
    }
}
