package io.resnetspark.data.image;

/** Bytes that are no picture, or none that should be decoded. The message is the reason, for the quarantine. */
public final class BadImageException extends Exception {
    private static final long serialVersionUID = 1;

    public BadImageException(String reason) {
        super(reason);
    }

    public BadImageException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
