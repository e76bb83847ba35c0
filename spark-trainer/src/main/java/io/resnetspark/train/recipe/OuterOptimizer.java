package io.resnetspark.train.recipe;

import java.io.Serializable;

/** The optimizer that steps along the change of the average; without one, the average is the next state. */
public sealed interface OuterOptimizer extends Serializable {
    /**
     * The next velocity of a parameter.
     *
     * @param change what the round took from the parameter: before it, less the average
     * @param innerRate learning rate of the round
     */
    double velocity(float change, float velocity, double innerRate);

    /**
     * The next value of a parameter.
     *
     * @param before what the round began with
     * @param change as of {@link #velocity}
     * @param velocity the next one
     */
    double parameter(float before, float change, float velocity, double innerRate);

    /** The average is the next state. */
    record None() implements OuterOptimizer {
        @Override
        public double velocity(float change, float velocity, double innerRate) {
            return velocity;
        }

        @Override
        public double parameter(float before, float change, float velocity, double innerRate) {
            return (double) before - change;
        }

        @Override
        public boolean hasVelocity() {
            return false;
        }
    }

    /**
     * SlowMo (Wang et al. 2019): u = momentum u + (x - average) / learning rate; x = x - learningRate learning-rate u. With a
     * learning rate of 1 and a momentum of 0 it is {@link None}.
     */
    record SlowMomentum(double learningRate, double momentum) implements OuterOptimizer {
        @Override
        public double velocity(float change, float velocity, double innerRate) {
            return momentum * velocity + change / innerRate;
        }

        @Override
        public double parameter(float before, float change, float velocity, double innerRate) {
            return before - learningRate * innerRate * velocity;
        }
    }

    /**
     * As DiLoCo (Douillard et al. 2023), Nesterov's momentum on d = x - average: v = momentum v + d;
     * x = x - learningRate (d + momentum v).
     */
    record Nesterov(double learningRate, double momentum) implements OuterOptimizer {
        @Override
        public double velocity(float change, float velocity, double innerRate) {
            return momentum * velocity + change;
        }

        @Override
        public double parameter(float before, float change, float velocity, double innerRate) {
            return before - learningRate * (change + momentum * velocity);
        }
    }

    /** Whether it has a velocity of its own. */
    default boolean hasVelocity() {
        return true;
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
