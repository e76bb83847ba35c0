package io.resnetspark.model.cuda;

import java.util.function.Consumer;

/**
 * A kernel or a library call of a program.
 *
 * @param part what it belongs to, for tables of where the time goes
 * @param beside whether it may run beside what comes after it: nothing waits for it before the update
 */
record Operation(String part, boolean beside, Consumer<Lane> work) {
    /** Waits for all that runs beside. */
    static final Operation JOIN = new Operation("", false, lane -> {});
}
