package io.resnetspark.model.cuda;

/** The block of device memory for the activations of all programs of a network; one program uses it at a time. */
final class ActivationMemory implements AutoCloseable {
    private final Device device;
    private long address;
    private long bytes;
    private int generation;
    private Program user;

    ActivationMemory(Device device) {
        this.device = device;
    }

    /** Grows to at least this size. If the block moves, recorded programs must be recorded again. */
    void require(long wanted) {
        if (wanted > bytes) {
            device.synchronize();
            close();
            address = device.allocate(wanted);
            bytes = wanted;
        }
    }

    /** @return whether another program used the memory last */
    boolean enter(Program program) {
        boolean changed = user != program;
        user = program;
        return changed;
    }

    long address() {
        return address;
    }

    /** Changes each time the block moves. */
    int generation() {
        return generation;
    }

    @Override
    public void close() {
        if (bytes > 0) {
            device.free(address);
            bytes = 0;
            generation++;
        }
    }
}
