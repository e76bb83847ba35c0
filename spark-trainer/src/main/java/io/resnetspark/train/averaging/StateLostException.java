package io.resnetspark.train.averaging;

/** Executors ended and took along what no other process has; the run must resume from a checkpoint. */
public final class StateLostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private static final String SLICE = "no executor has a slice of the state any more";

    StateLostException(String what, Throwable cause) {
        super(what, cause);
    }

    /** Of a slice that neither its executor nor its replica has. */
    static StateLostException of(BlockLostException slice) {
        return new StateLostException(SLICE + ": " + slice.getMessage(), slice);
    }

    /** Of what an executor has that does not answer. */
    static StateLostException standsStill(ExchangeTimeout timeout, Throwable cause) {
        return new StateLostException(
                SLICE + ": one of them did not answer for " + Math.round(timeout.seconds()) + " s", cause);
    }

    /** Whether it is the state that all workers share, and not what a worker kept for itself. */
    boolean isOfSharedState() {
        return contains(this, SLICE);
    }

    /** The loss that a job failed for; if it was another reason, the failure itself. */
    static RuntimeException orElse(Exception failure) {
        if (failure instanceof StateLostException lost) {
            return lost;
        }
        if (contains(failure, SLICE)) {
            return new StateLostException("Executors ended with the state of the run (" + SLICE + ")", failure);
        }
        if (TaskResults.isLoss(failure)) {
            return new StateLostException("An executor ended with what its worker had kept for itself", failure);
        }
        return failure instanceof RuntimeException unchecked
                ? unchecked
                : new IllegalStateException("The round failed: " + failure, failure);
    }

    /** Of exceptions on executors Spark brings the words alone. */
    private static boolean contains(Throwable failure, String words) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (String.valueOf(cause.getMessage()).contains(words)) {
                return true;
            }
        }
        return false;
    }
}
