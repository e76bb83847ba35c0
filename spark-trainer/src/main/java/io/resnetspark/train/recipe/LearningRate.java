package io.resnetspark.train.recipe;

import java.io.Serializable;
import java.util.List;

/** The learning rate as a function of how far training has come. */
public sealed interface LearningRate extends Serializable {
    /** Of the paper's batch, for which rates are usually given. */
    double USUAL_BATCH = 256;

    /**
     * Gives the rate.
     *
     * @param epoch a fraction, from 0
     * @param drops how often a {@link Plateau} was met so far; of no account to others
     */
    double at(double epoch, int drops);

    /** How often the rate is divided, after these errors at the end of each epoch so far. */
    default int drops(List<Double> errors) {
        return 0;
    }

    /** Whether it follows from errors, so that there must be pictures to validate on. */
    default boolean needsErrors() {
        return false;
    }

    /** The rate as it would be without a warm-up. */
    default LearningRate withoutWarmUp() {
        return this;
    }

    /** Whether training is still warming up. */
    default boolean warmsUp(double epoch) {
        return false;
    }

    /** The paper's: {@code initial}, divided by 10 at each of these epochs. */
    record Steps(double initial, List<Double> tenthAt) implements LearningRate {
        @Override
        public double at(double epoch, int drops) {
            return tenths(initial, (int)
                    tenthAt.stream().filter(drop -> epoch >= drop).count());
        }
    }

    /** From {@code initial} to zero along half a cosine, reached after {@code epochs} (Loshchilov and Hutter 2016). */
    record Cosine(double initial, double epochs) implements LearningRate {
        @Override
        public double at(double epoch, int drops) {
            return initial * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, epoch / epochs)));
        }
    }

    /** From {@code initial} to zero as (1 - epoch / epochs)^power. */
    record Polynomial(double initial, double power, double epochs) implements LearningRate {
        @Override
        public double at(double epoch, int drops) {
            return initial * Math.pow(1 - Math.min(1, epoch / epochs), power);
        }
    }

    /**
     * {@code initial}, divided by 10 when the validation error has not been at least {@code improvement} below its best
     * for more than {@code patience} epochs ("when the error plateaus", section 3.4 of the paper).
     */
    record Plateau(double initial, int patience, double improvement) implements LearningRate {
        @Override
        public double at(double epoch, int drops) {
            return tenths(initial, drops);
        }

        @Override
        public boolean needsErrors() {
            return true;
        }

        @Override
        public int drops(List<Double> errors) {
            double best = Double.POSITIVE_INFINITY;
            int without = 0;
            int drops = 0;
            for (double error : errors) {
                boolean better = error <= best - improvement;
                best = better ? error : best;
                without = better ? 0 : without + 1;
                if (without > patience) {
                    drops++;
                    without = 0;
                }
            }
            return drops;
        }
    }

    /** Below what follows, for {@code epochs}: at {@code from} of it, or rising along a line from there. */
    record WarmUp(double epochs, double from, boolean rises, LearningRate then) implements LearningRate {
        @Override
        public double at(double epoch, int drops) {
            double rate = then.at(epoch, drops);
            if (!warmsUp(epoch)) {
                return rate;
            }
            return rate * (rises ? from + (1 - from) * epoch / epochs : from);
        }

        @Override
        public boolean needsErrors() {
            return then.needsErrors();
        }

        @Override
        public int drops(List<Double> errors) {
            return then.drops(errors);
        }

        @Override
        public LearningRate withoutWarmUp() {
            return then;
        }

        @Override
        public boolean warmsUp(double epoch) {
            return epoch < epochs;
        }
    }

    private static double tenths(double initial, int drops) {
        return initial * Math.pow(0.1, drops);
    }

    static LearningRate read(Section section, int epochs, long globalBatch) {
        double initial = section.number("initial", 1e-9, 100);
        if (section.flag("linear-scaling")) {
            initial *= globalBatch / USUAL_BATCH;
        }
        double warmUp = section.number("warm-up-epochs", 0, 1000);
        double from = section.number("warm-up-from", 0, 1);
        boolean rises = section.choice("warm-up", "linear", "constant").equals("linear");
        LearningRate rate = switch (section.choice("kind", "steps", "cosine", "polynomial", "plateau")) {
            case "steps" -> new Steps(initial, section.rising("tenth-at-epochs"));
            case "cosine" -> new Cosine(initial, epochs);
            case "polynomial" -> new Polynomial(initial, section.number("power", 0, 10), epochs);
            default -> new Plateau(initial, section.integer("patience", 0, 1000), section.number("improvement", 0, 1));
        };
        section.refuseUnknown();
        return warmUp == 0 ? rate : new WarmUp(warmUp, from, rises, rate);
    }
}
