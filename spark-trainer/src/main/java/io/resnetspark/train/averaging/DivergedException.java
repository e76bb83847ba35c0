package io.resnetspark.train.averaging;

/** The loss is no number any more. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DivergedException(TrainingState state, double loss) {
        super("The loss became " + loss + " in round " + (state.round() + 1) + " of epoch " + (state.epoch() + 1)
                + ". Try a lower learning-rate.initial, or more warm-up-epochs.");
    }
}
