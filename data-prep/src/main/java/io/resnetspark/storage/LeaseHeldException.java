package io.resnetspark.storage;

/** Another process holds the lease. */
public final class LeaseHeldException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public LeaseHeldException(String message) {
        super(message);
    }
}
