package io.resnetspark.model.cuda;

import java.util.function.Consumer;

/**
 * A kernel or a library call of a program.
 *
 * @param part the name of its part, for profiles
 * @param concurrent whether it may run concurrently with the following operations: only the update waits for it
 * @param bytes of the activations that it reads and writes, each once
 * @param multiplyAdds of a convolution; 0 for our kernels
 */
record Operation(String part, boolean concurrent, long bytes, long multiplyAdds, Consumer<StreamContext> work) {
    /** Waits for all concurrent operations. */
    static final Operation JOIN = new Operation("", false, 0, 0, context -> {});
}
