package io.resnetspark.train.recipe;

import java.io.Serializable;

/** How many local steps a worker does between two averages (H), as a function of how far training has come. */
public sealed interface Period extends Serializable {
    /**
     * Gives the number of steps, at least 1.
     *
     * @param epoch a fraction, from 0
     * @param rate the learning rate
     */
    int steps(double epoch, double rate);

    record Constant(int steps) implements Period {
        @Override
        public int steps(double epoch, double rate) {
            return steps;
        }
    }

    /** One step until {@code fromEpoch}, then {@code steps} (post-local SGD, Lin et al. 2018). */
    record PostLocal(int steps, double fromEpoch) implements Period {
        @Override
        public int steps(double epoch, double rate) {
            return epoch < fromEpoch ? 1 : steps;
        }
    }

    /** At least {@code least}, and the more the smaller the rate is: (coefficient / rate)^2 (Gu et al. 2024). */
    record Quadratic(int least, double coefficient) implements Period {
        /** As a bound: a rate may come to zero. */
        private static final int MOST = 1_000_000;

        @Override
        public int steps(double epoch, double rate) {
            double ratio = coefficient / rate;
            return (int) Math.max(least, Math.min(MOST, Math.floor(ratio * ratio)));
        }
    }

    /** One step while the learning rate warms up, then as {@code then} has it. */
    record AfterWarmUp(LearningRate warming, Period then) implements Period {
        @Override
        public int steps(double epoch, double rate) {
            return warming.warmsUp(epoch) ? 1 : then.steps(epoch, rate);
        }
    }

    static Period read(Section section, int steps) {
        Period period = switch (section.choice("kind", "constant", "post-local", "quadratic")) {
            case "constant" -> new Constant(steps);
            case "post-local" -> new PostLocal(steps, section.number("from-epoch", 0, 100_000));
            default -> new Quadratic(steps, section.number("coefficient", 1e-9, 1e6));
        };
        section.refuseUnknown();
        return period;
    }
}
