package io.resnetspark.image;

/** The bytes are not an image, or exceed the decoding limits. The message is the reason recorded in the quarantine. */
public final class BadImageException extends Exception {
    private static final long serialVersionUID = 1;

    public BadImageException(String reason) {
        super(reason);
    }

    public BadImageException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
