package io.resnetspark.model.cuda;

/** A reference-counted range of a program's {@link ActivationMemory}. */
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

    /** Adds a reference. */
    Buffer retain() {
        references++;
        wasShared = true;
        return this;
    }

    /** @return whether no reference is left */
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
