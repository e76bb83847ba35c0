package io.resnetspark.train.recipe;

import java.io.Serializable;
import java.util.List;

/** The learning rate as a function of how many epochs (a fraction, from 0) training has come. */
public sealed interface LearningRate extends Serializable {
    double at(double epoch);

    /** The paper's: {@code initial}, divided by 10 at each of these epochs. */
    record Steps(double initial, List<Double> tenthAt) implements LearningRate {
        @Override
        public double at(double epoch) {
            int drops = (int) tenthAt.stream().filter(drop -> epoch >= drop).count();
            return initial * Math.pow(0.1, drops);
        }
    }

    /** From {@code initial} to zero along half a cosine, reached after {@code epochs} (Loshchilov and Hutter 2016). */
    record Cosine(double initial, double epochs) implements LearningRate {
        @Override
        public double at(double epoch) {
            return initial * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, epoch / epochs)));
        }
    }

    /** Along a straight line from a tenth of what follows, for {@code epochs}; then what follows. */
    record WarmUp(double epochs, LearningRate then) implements LearningRate {
        @Override
        public double at(double epoch) {
            double rate = then.at(epoch);
            return epoch >= epochs ? rate : rate * (0.1 + 0.9 * epoch / epochs);
        }
    }

    static LearningRate read(Section section, int epochs) {
        double initial = section.number("initial", 1e-9, 100);
        double warmUp = section.number("warm-up-epochs", 0, 1000);
        LearningRate rate = switch (section.choice("kind", "steps", "cosine")) {
            case "steps" -> new Steps(initial, section.rising("tenth-at-epochs"));
            default -> new Cosine(initial, epochs);
        };
        section.refuseUnknown();
        return warmUp == 0 ? rate : new WarmUp(warmUp, rate);
    }
}
