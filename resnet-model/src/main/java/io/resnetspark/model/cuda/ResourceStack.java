package io.resnetspark.model.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * Resources that an object holds on a GPU. They are released together, the last one first: on close, or when a later
 * allocation fails, because a failed constructor's object is never closed.
 */
final class ResourceStack implements AutoCloseable {
    private final Deque<Runnable> releases = new ArrayDeque<>();

    /** @return the resource */
    <T> T add(T resource, Consumer<T> release) {
        releases.push(() -> release.accept(resource));
        return resource;
    }

    /**
     * Releases everything.
     *
     * @return the refusal, which the caller throws whatever goes wrong here
     */
    RuntimeException closeAfter(RuntimeException refusal) {
        try {
            close();
        } catch (RuntimeException another) { // after a fault of the GPU all further calls fail
            refusal.addSuppressed(another);
        }
        return refusal;
    }

    @Override
    public void close() {
        while (!releases.isEmpty()) {
            releases.pop().run();
        }
    }
}
