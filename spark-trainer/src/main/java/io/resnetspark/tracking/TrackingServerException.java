package io.resnetspark.tracking;

import java.io.IOException;

/** A tracking server does not answer, or refuses; the message names it and has its words. */
public final class TrackingServerException extends IOException {
    private static final long serialVersionUID = 1;

    TrackingServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
