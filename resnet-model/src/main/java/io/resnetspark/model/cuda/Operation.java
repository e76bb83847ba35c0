package io.resnetspark.model.cuda;

import java.util.function.Consumer;

/**
 * A kernel or a library call of a program.
 *
 * @param part what it belongs to, for tables of where the time goes
 * @param concurrent whether it may run beside what comes after it: nothing waits for it before the update
 * @param bytes of the activations that it reads and writes, each once
 * @param multiplyAdds of a convolution; 0 for our kernels
 */
record Operation(String part, boolean concurrent, long bytes, long multiplyAdds, Consumer<StreamContext> work) {
    /** Waits for all that runs beside. */
    static final Operation JOIN = new Operation("", false, 0, 0, context -> {});
}
