package io.resnetspark.storage;

/** The user's input cannot be used. The message says what came, what may come, and how to mend it. */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public BadInputException(String message) {
        super(message);
    }

    public BadInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
