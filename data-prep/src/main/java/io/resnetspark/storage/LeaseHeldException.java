package io.resnetspark.storage;

/** Somebody else is at work. */
public final class LeaseHeldException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public LeaseHeldException(String message) {
        super(message);
    }
}
