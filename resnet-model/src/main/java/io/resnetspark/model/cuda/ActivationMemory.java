package io.resnetspark.model.cuda;

/** The block of device memory in which all programs of a network have their activations, one program at a time. */
final class ActivationMemory implements AutoCloseable {
    private final Device device;
    private long address;
    private long bytes;
    private int generation;
    private Program user;

    ActivationMemory(Device device) {
        this.device = device;
    }

    /** Makes it at least so large; programs that were recorded before must be recorded anew if it moves. */
    void require(long wanted) {
        if (wanted > bytes) {
            device.synchronize();
            close();
            address = device.allocate(wanted);
            bytes = wanted;
        }
    }

    /** @return whether another program was the last one here */
    boolean enter(Program program) {
        boolean changed = user != program;
        user = program;
        return changed;
    }

    long address() {
        return address;
    }

    long bytes() {
        return bytes;
    }

    /** Another number each time it moves. */
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
