package io.resnetspark.train.averaging;

/** A slice of somebody's floats did not come, or not as it was sent; whoever had it must make it again. */
final class BlockLostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    BlockLostException(String what, Throwable cause) {
        super(what, cause);
    }

    BlockLostException(String what) {
        super(what);
    }
}
