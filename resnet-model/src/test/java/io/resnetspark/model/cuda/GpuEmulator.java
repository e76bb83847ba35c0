package io.resnetspark.model.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * A GPU emulator: one library under the names of CUDA's driver, NVRTC, cuDNN and cuBLAS. It is built from src/test/cuda
 * by the machine's C++ compiler, once per JVM and only if the sources have changed. softcard.hpp describes what it
 * emulates.
 *
 * <p>A test calls {@link #orSkip()} before each test method, which resets settings, injected failures, counts and
 * faults. A child process is configured by its environment: SOFTCARD_MEMORY and the like for {@link #set}, and
 * SOFTCARD_FAIL=function:n:status,... for {@link #fail}.
 */
public final class GpuEmulator {
    /** The library names that the product looks for. */
    private static final List<String> NAMES = List.of(
            "libcuda.so.1",
            "libnvrtc.so.13",
            "libcublas.so.13",
            "libcudnn.so.9",
            "libcudnn_graph.so.9",
            "libcudnn_ops.so.9",
            "libcudnn_cnn.so.9",
            "libcudnn_engines_precompiled.so.9",
            "libcudnn_engines_runtime_compiled.so.9",
            "libcudnn_heuristic.so.9");

    private static final String LIBRARY = "libsoftcard.so";

    private record Built(Optional<GpuEmulator> card, String reason) {}

    private static final class Once {
        static final Built BUILT = build();
    }

    private final Path directory;
    private final NativeLibrary library;

    private GpuEmulator(Path directory) {
        this.directory = directory;
        library = NativeLibrary.getInstance(directory.resolve(LIBRARY).toString());
    }

    /** The emulator, reset; or skips the test, with the reason. */
    public static GpuEmulator orSkip() {
        GpuEmulator emulator = Once.BUILT.card.orElseThrow(() -> new TestAbortedException(Once.BUILT.reason));
        emulator.function("softcard_reset").invokeVoid(new Object[0]);
        return emulator;
    }

    /** The folder of libcuda.so.1 and the others; empty without a compiler. */
    public static Optional<Path> directory() {
        return Once.BUILT.card.map(emulator -> emulator.directory);
    }

    /** A function of one of the four APIs, or of the emulator's own (softcard_...). */
    public Function function(String name) {
        return library.getFunction(name);
    }

    /** Calls a function of the APIs, and returns its status. Device addresses and size_t are long. */
    public int status(String function, Object... arguments) {
        return function(function).invokeInt(arguments);
    }

    /** Calls a function of the APIs that must succeed. */
    public void call(String function, Object... arguments) {
        int status = status(function, arguments);
        if (status != 0) {
            throw new AssertionError(function + " returned " + status + " " + fault());
        }
    }

    /** Makes the n-th call of the function from now on, 1 being the next, return the status without doing anything. */
    public void fail(String function, int n, int status) {
        function("softcard_fail").invokeVoid(new Object[] {function, n, status});
    }

    /**
     * Configures the emulated GPU: "memory" in bytes, "devices", "driver", "major", "minor", "multiprocessors",
     * "cudnn", "cublas", "nvrtc", "cudart" (the CUDA that cuDNN is built for).
     */
    public void set(String setting, long value) {
        call("softcard_set", setting, value);
    }

    /** Calls of an API function since {@link #orSkip()}. */
    public long calls(String function) {
        return function("softcard_calls").invokeLong(new Object[] {function});
    }

    /** Bytes that are allocated on the first device. */
    public long used() {
        return function("softcard_used").invokeLong(new Object[0]);
    }

    /** The error of a kernel; empty if there was none. */
    public String fault() {
        return function("softcard_fault").invokeString(new Object[0], false);
    }

    /** A float array in device memory. */
    public long upload(float... values) {
        long address = allocate(4L * values.length);
        try (Memory memory = new Memory(4L * values.length)) {
            memory.write(0, values, 0, values.length);
            call("cuMemcpyHtoD_v2", address, memory, memory.size());
        }
        return address;
    }

    /** The floats at a device address. */
    public float[] download(long address, int count) {
        try (Memory memory = new Memory(4L * count)) {
            call("cuMemcpyDtoH_v2", memory, address, memory.size());
            return memory.getFloatArray(0, count);
        }
    }

    /** Allocates device memory, filled with NaN. */
    public long allocate(long bytes) {
        try (Memory address = new Memory(8)) {
            call("cuMemAlloc_v2", address, bytes);
            return address.getLong(0);
        }
    }

    private static Built build() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return new Built(
                    Optional.empty(), "The software card needs Linux, this is " + System.getProperty("os.name") + ".");
        }
        Optional<String> compiler = Stream.of(System.getenv().getOrDefault("CXX", "g++"), "c++")
                .filter(GpuEmulator::runs)
                .findFirst();
        if (compiler.isEmpty()) {
            return new Built(
                    Optional.empty(),
                    "The software card needs a C++17 compiler: g++ or c++ on the PATH, or its name in CXX.");
        }
        try {
            Path sources = Stream.of("src/test/cuda", "../resnet-model/src/test/cuda")
                    .map(Path::of)
                    .filter(Files::isDirectory)
                    .findFirst()
                    .orElseThrow();
            Path module =
                    sources.toRealPath().getParent().getParent().getParent(); // shared by the tests of all modules
            Path directory = Files.createDirectories(module.resolve("target/softcard"));
            // Test classes run in two JVMs at once.
            try (FileChannel lock = FileChannel.open(directory.resolve("lock"), CREATE, WRITE);
                    FileLock held = lock.lock()) {
                compile(compiler.get(), sources.toRealPath(), directory);
            }
            return new Built(Optional.of(new GpuEmulator(directory)), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean runs(String compiler) {
        try {
            return finish(new ProcessBuilder(compiler, "--version")).isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    private static void compile(String compiler, Path sources, Path directory) throws IOException {
        String flags = "-march=native";
        List<String> command = new ArrayList<>(
                List.of(compiler, "-std=c++17", "-O2", "-ftree-vectorize", flags, "-ffp-contract=fast"));
        // Thread-local variables are read in a signal handler, which must not allocate them. JNA may unload a library
        // in which a thread still runs.
        command.addAll(List.of(
                "-fPIC", "-shared", "-ftls-model=initial-exec", "-fvisibility=hidden", "-pthread", "-Wl,-z,nodelete"));
        command.addAll(List.of("-Wall", "-Wextra", "-Wl,-soname," + LIBRARY));
        command.add("-DSOFTCARD_COMPILER=\"" + compiler + "\"");
        command.add("-DSOFTCARD_FLAGS=\"" + flags + "\"");
        command.add("-DSOFTCARD_SOURCES=\"" + sources + "\"");
        List<Path> texts;
        try (Stream<Path> files = Files.list(sources)) {
            texts = files.sorted().toList();
        }
        StringBuilder stamp = new StringBuilder(String.join(" ", command) + NAMES);
        for (Path text : texts) {
            stamp.append('\n').append(text).append('\n').append(Files.readString(text));
            if (text.toString().endsWith(".cpp")) {
                command.add(text.toString());
            }
        }
        // Kernels compiled for this emulator are not valid for another GPU.
        Path cache = directory.resolve(
                "cache-" + Integer.toHexString(stamp.toString().hashCode()));
        System.getProperties().putIfAbsent(DiskCache.SETTING, cache.toString());
        Path done = directory.resolve("built-from.txt");
        if (Files.exists(done) && Files.readString(done).contentEquals(stamp)) {
            return;
        }
        Files.deleteIfExists(done);
        Path fresh = Files.createTempFile(directory, "softcard", ".so");
        command.addAll(List.of("-ldl", "-o", fresh.toString()));
        finish(new ProcessBuilder(command)).ifPresent(log -> {
            throw new AssertionError("The software card does not compile:\n" + log);
        });
        Files.move(fresh, directory.resolve(LIBRARY), StandardCopyOption.REPLACE_EXISTING);
        for (String name : NAMES) {
            Files.deleteIfExists(directory.resolve(name));
            Files.createSymbolicLink(directory.resolve(name), Path.of(LIBRARY));
        }
        Files.writeString(done, stamp);
    }

    /** The command's output if it failed. */
    private static Optional<String> finish(ProcessBuilder command) throws IOException {
        Process process = command.redirectErrorStream(true).start();
        String log = new String(process.getInputStream().readAllBytes(), UTF_8);
        try {
            return process.waitFor() == 0 ? Optional.empty() : Optional.of(log);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
