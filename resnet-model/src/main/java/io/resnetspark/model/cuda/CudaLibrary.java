package io.resnetspark.model.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * A shared library whose functions return a status, 0 for success. They are called by their C names, at 0.8
 * microseconds per call.
 *
 * <p>Arguments are JNA's: {@code Integer} for int and enums, {@code Long} for size_t and device addresses, {@code
 * Pointer} for handles, {@code Memory} and {@code ByReference} for outputs.
 */
final class CudaLibrary {
    private final NativeLibrary library;
    private final IntFunction<String> words;
    private final Map<String, Function> functions = new ConcurrentHashMap<>();

    /** @param words the meaning of a status; empty if the library does not tell */
    CudaLibrary(NativeLibrary library, IntFunction<String> words) {
        this.library = library;
        this.words = words;
    }

    /**
     * Calls a function that returns 0 on success.
     *
     * @throws CudaException if it fails
     * @throws CudaUnavailableException if it fails because of the machine's installation
     */
    void call(String function, Object... arguments) {
        int status = status(function, arguments);
        if (StartupErrors.isEnvironmentError(function, status)) {
            throw StartupErrors.refusal(function, status, words.apply(status), file());
        }
        if (status != 0) {
            throw new CudaException(function, status, words.apply(status));
        }
    }

    /**
     * Calls a function that initialises a library.
     *
     * @throws CudaUnavailableException with the remedy, if it fails
     */
    void start(String function, Object... arguments) {
        started(function, status(function, arguments));
    }

    /** Throws the exception for the status of such a call, unless it is 0. */
    void started(String function, int status) {
        if (status != 0) {
            throw StartupErrors.refusal(function, status, words.apply(status), file());
        }
    }

    /** @throws CudaUnavailableException if the library is too old to have the function */
    int status(String function, Object... arguments) {
        return function(function).invokeInt(arguments);
    }

    private Function function(String name) {
        try {
            return functions.computeIfAbsent(name, library::getFunction);
        } catch (UnsatisfiedLinkError missing) {
            throw new CudaUnavailableException(
                    file() + " has no function " + name + ", it is too old or not whole.",
                    "Update it: a driver of CUDA 12 or later, NVRTC and cuBLAS of CUDA 12 or 13, cuDNN 9");
        }
    }

    boolean has(String function) {
        try {
            return functions.computeIfAbsent(function, library::getFunction) != null;
        } catch (UnsatisfiedLinkError missing) {
            return false;
        }
    }

    /** The loaded file. */
    String file() {
        return library.getFile() == null ? library.getName() : library.getFile().getPath();
    }
}
