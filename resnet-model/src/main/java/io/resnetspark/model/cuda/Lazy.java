package io.resnetspark.model.cuda;

import java.util.function.Supplier;

/** A value that is computed on first use; a failure is not kept. */
final class Lazy<T> {
    private final Supplier<T> make;
    private T value;

    Lazy(Supplier<T> make) {
        this.make = make;
    }

    synchronized T get() {
        if (value == null) {
            value = make.get();
        }
        return value;
    }
}
