package io.resnetspark.model.cuda;

/** Some bytes of a program's {@link ActivationMemory}, which may serve several users before they are given back. */
final class Place {
    private final long offset;
    private final long bytes;
    private int users = 1;
    private boolean wasShared;

    Place(long offset, long bytes) {
        this.offset = offset;
        this.bytes = bytes;
    }

    long offset() {
        return offset;
    }

    long bytes() {
        return bytes;
    }

    /** For one more user. */
    Place share() {
        users++;
        wasShared = true;
        return this;
    }

    /** @return whether nobody uses it any more */
    boolean release() {
        return --users == 0;
    }

    boolean hasOneUser() {
        return users == 1;
    }

    boolean wasShared() {
        return wasShared;
    }
}
