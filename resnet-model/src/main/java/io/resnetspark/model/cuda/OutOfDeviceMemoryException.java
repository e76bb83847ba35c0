package io.resnetspark.model.cuda;

/** A GPU has less free memory than was requested. */
public class OutOfDeviceMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long requested;
    private final long free;

    OutOfDeviceMemoryException(int device, long asked, long free) {
        super(String.format(
                "GPU %d has no room for %,d MiB more; %,d MiB are free", device, (asked >> 20) + 1, free >> 20));
        this.requested = asked;
        this.free = free;
    }

    private OutOfDeviceMemoryException(String what, OutOfDeviceMemoryException cause) {
        super(what + ": " + cause.getMessage(), cause);
        this.requested = cause.requested;
        this.free = cause.free;
    }

    /** A copy with the purpose of the memory. */
    public OutOfDeviceMemoryException during(String what) {
        return new OutOfDeviceMemoryException(what, this);
    }

    /** In bytes. */
    public long requested() {
        return requested;
    }

    /** Free memory in bytes, counting all processes. */
    public long free() {
        return free;
    }
}
