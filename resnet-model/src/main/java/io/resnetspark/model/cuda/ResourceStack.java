package io.resnetspark.model.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What an object takes of a GPU, piece by piece. It is given back together, the last piece first: at the end, or when a
 * later piece is refused, since nobody closes an object whose constructor failed.
 */
final class ResourceStack implements AutoCloseable {
    private final Deque<Runnable> releases = new ArrayDeque<>();

    /** @return the piece */
    <T> T add(T resource, Consumer<T> release) {
        releases.push(() -> release.accept(resource));
        return resource;
    }

    /** Gives everything back. @return the refusal, which is what the caller throws whatever goes wrong here */
    RuntimeException closeAfter(RuntimeException refusal) {
        try {
            close();
        } catch (RuntimeException another) { // after a fault of the GPU nothing works there any more
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
