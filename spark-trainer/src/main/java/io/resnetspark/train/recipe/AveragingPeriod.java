package io.resnetspark.train.recipe;

import java.io.Serializable;

/** The local steps of a worker between two averages (H), as a function of how far training has come. */
public sealed interface AveragingPeriod extends Serializable {
    /**
     * Gives the number of steps, at least 1.
     *
     * @param epoch a fraction, from 0
     * @param learningRate at that time
     */
    int steps(double epoch, double learningRate);

    record Constant(int steps) implements AveragingPeriod {
        @Override
        public int steps(double epoch, double learningRate) {
            return steps;
        }
    }

    /** One step until {@code fromEpoch}, then {@code steps} (post-local SGD, Lin et al. 2018). */
    record PostLocal(int steps, double fromEpoch) implements AveragingPeriod {
        @Override
        public int steps(double epoch, double learningRate) {
            return epoch < fromEpoch ? 1 : steps;
        }
    }

    /** (coefficient / learning rate)^2 steps, at least {@code min} (Gu et al. 2024). */
    record Quadratic(int min, double coefficient) implements AveragingPeriod {
        /** The learning rate may fall to zero. */
        private static final int MAX = 1_000_000;

        @Override
        public int steps(double epoch, double learningRate) {
            double ratio = coefficient / learningRate;
            return (int) Math.max(min, Math.min(MAX, Math.floor(ratio * ratio)));
        }
    }

    /** One step while the learning rate warms up, then as {@code then} says. */
    record AfterWarmUp(LearningRateSchedule warmUp, AveragingPeriod then) implements AveragingPeriod {
        @Override
        public int steps(double epoch, double learningRate) {
            return warmUp.warmsUp(epoch) ? 1 : then.steps(epoch, learningRate);
        }
    }

    static AveragingPeriod read(Section section, int steps) {
        AveragingPeriod period = switch (section.choice("kind", "constant", "post-local", "quadratic")) {
            case "constant" -> new Constant(steps);
            case "post-local" -> new PostLocal(steps, section.number("from-epoch", 0, 100_000));
            default -> new Quadratic(steps, section.number("coefficient", 1e-9, 1e6));
        };
        section.refuseUnknown();
        return period;
    }
}
