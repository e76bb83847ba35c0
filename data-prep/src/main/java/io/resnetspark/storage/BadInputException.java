package io.resnetspark.storage;

/** Something that the user gave cannot be used; the message says what came, what may come and how to mend it. */
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public BadInputException(String message) {
        super(message);
    }

    public BadInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
