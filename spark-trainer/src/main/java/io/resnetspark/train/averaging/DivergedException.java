package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.TrainingState;

/** The loss or a parameter is NaN or infinite. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DivergedException(TrainingState before, double loss) {
        super(String.format(
                "The loss became %s, or a parameter NaN, in the round from image %,d of epoch %d on (step %,d of each"
                        + " worker). Try a lower learning-rate.initial, more learning-rate.warm-up-epochs, or a"
                        + " clip-grad-norm.",
                loss, before.work().done() + 1, before.work().epoch() + 1, before.iteration() + 1));
    }
}
