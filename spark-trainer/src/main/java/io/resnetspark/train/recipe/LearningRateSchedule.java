package io.resnetspark.train.recipe;

import java.io.Serializable;
import java.util.List;

/** The learning rate as a function of how far training has come. */
public sealed interface LearningRateSchedule extends Serializable {
    /** The paper's global batch size, for which learning rates are usually given. */
    double REFERENCE_BATCH_SIZE = 256;

    /** Of a milestone or a plateau, as in the defaults of a recipe. */
    double DEFAULT_DECAY = 0.1;

    /**
     * Returns the learning rate.
     *
     * @param epoch a fraction, from 0
     * @param drops how often a {@link Plateau} has reduced it so far; others ignore it
     */
    double at(double epoch, int drops);

    /** How often the learning rate is reduced, after these validation errors at the end of each epoch so far. */
    default int drops(List<Double> errors) {
        return 0;
    }

    /** Whether it depends on validation errors, so that there must be images to validate on. */
    default boolean needsErrors() {
        return false;
    }

    /** The schedule without its warm-up. */
    default LearningRateSchedule withoutWarmUp() {
        return this;
    }

    /** Whether training is still warming up. */
    default boolean warmsUp(double epoch) {
        return false;
    }

    /** {@code initial}, multiplied by {@code gamma} at each milestone, an epoch. The paper's has gamma = 0.1. */
    record MultiStep(double initial, List<Double> milestones, double gamma) implements LearningRateSchedule {
        @Override
        public double at(double epoch, int drops) {
            long reached =
                    milestones.stream().filter(milestone -> epoch >= milestone).count();
            return initial * Math.pow(gamma, (double) reached);
        }
    }

    /** From {@code initial} to zero along half a cosine, reached after {@code epochs} (Loshchilov and Hutter 2016). */
    record Cosine(double initial, double epochs) implements LearningRateSchedule {
        @Override
        public double at(double epoch, int drops) {
            return initial * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, epoch / epochs)));
        }
    }

    /** From {@code initial} to zero as (1 - epoch / epochs)^power. */
    record Polynomial(double initial, double power, double epochs) implements LearningRateSchedule {
        @Override
        public double at(double epoch, int drops) {
            return initial * Math.pow(1 - Math.min(1, epoch / epochs), power);
        }
    }

    /**
     * {@code initial}, multiplied by {@code factor} when the validation error has not been at least {@code threshold}
     * below its best for more than {@code patience} epochs ("when the error plateaus", section 3.4 of the paper).
     */
    record Plateau(double initial, int patience, double threshold, double factor) implements LearningRateSchedule {
        @Override
        public double at(double epoch, int drops) {
            return initial * Math.pow(factor, drops);
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
                boolean better = error <= best - threshold;
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

    /** For {@code epochs}, a share of the schedule that follows: {@code startFactor}, or rising linearly from it to 1. */
    record WarmUp(double epochs, double startFactor, boolean linear, LearningRateSchedule then)
            implements LearningRateSchedule {
        @Override
        public double at(double epoch, int drops) {
            double rate = then.at(epoch, drops);
            if (!warmsUp(epoch)) {
                return rate;
            }
            return rate * (linear ? startFactor + (1 - startFactor) * epoch / epochs : startFactor);
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
        public LearningRateSchedule withoutWarmUp() {
            return then;
        }

        @Override
        public boolean warmsUp(double epoch) {
            return epoch < epochs;
        }
    }

    static LearningRateSchedule read(Section section, int epochs, long globalBatchSize) {
        double initial = section.number("initial", 1e-9, 100);
        if (section.flag("linear-scaling")) {
            initial *= globalBatchSize / REFERENCE_BATCH_SIZE;
        }
        double warmUp = section.number("warm-up-epochs", 0, 1000);
        double startFactor = section.number("warm-up-start-factor", 0, 1);
        boolean linear = section.choice("warm-up", "linear", "constant").equals("linear");
        String kind = section.choice("kind", "multistep", "cosine", "polynomial", "plateau");
        if (!kind.equals("multistep")) {
            section.refuseUnlessDefault("gamma", DEFAULT_DECAY, "with kind = multistep");
        }
        if (!kind.equals("plateau")) {
            section.refuseUnlessDefault("factor", DEFAULT_DECAY, "with kind = plateau");
        }
        LearningRateSchedule schedule = switch (kind) {
            case "multistep" -> new MultiStep(initial, section.rising("milestones"), section.number("gamma", 1e-9, 1));
            case "cosine" -> new Cosine(initial, epochs);
            case "polynomial" -> new Polynomial(initial, section.number("power", 0, 10), epochs);
            default ->
                new Plateau(
                        initial,
                        section.integer("patience", 0, 1000),
                        section.number("threshold", 0, 1),
                        section.number("factor", 1e-9, 1));
        };
        section.refuseUnknown();
        return warmUp == 0 ? schedule : new WarmUp(warmUp, startFactor, linear, schedule);
    }
}
