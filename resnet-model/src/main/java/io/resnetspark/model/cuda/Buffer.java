package io.resnetspark.model.cuda;

/** Some bytes of a program's {@link ActivationMemory}, which may serve several users before they are given back. */
final class Buffer {
    private final long offset;
    private final long bytes;
    private int references = 1;
    private boolean wasShared;

    Buffer(long offset, long bytes) {
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
    Buffer retain() {
        references++;
        wasShared = true;
        return this;
    }

    /** @return whether nobody uses it any more */
    boolean release() {
        return --references == 0;
    }

    boolean isUnique() {
        return references == 1;
    }

    boolean wasShared() {
        return wasShared;
    }
}
