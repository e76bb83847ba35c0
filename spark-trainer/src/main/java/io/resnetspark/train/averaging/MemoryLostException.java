package io.resnetspark.train.averaging;

/** An executor ended and took along what its worker remembered; the run must go on from a checkpoint. */
public final class MemoryLostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MemoryLostException(String what, Throwable cause) {
        super(what, cause);
    }
}
