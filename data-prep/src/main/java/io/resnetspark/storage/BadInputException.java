package io.resnetspark.storage;

import java.util.List;

/**
 * The user's input cannot be used. The message says what came, what may come, and how to fix it; what would be an
 * option of a command is a {@link Remedy}.
 */
public class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final List<Remedy> remedies;

    public BadInputException(String message) {
        this(message, List.of());
    }

    /** @param remedies any of which fixes it */
    public BadInputException(String message, List<Remedy> remedies) {
        super(message);
        this.remedies = List.copyOf(remedies);
    }

    public BadInputException(String message, Throwable cause) {
        super(message, cause);
        this.remedies = List.of();
    }

    /** What the user can do beside what the message says; any of them fixes it. */
    public List<Remedy> remedies() {
        return remedies;
    }
}
