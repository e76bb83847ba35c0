package io.resnetspark.model.cuda;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The GPU that tests use: the machine's if it has one, else the emulator. */
public final class Gpus {
    private static final String SOFTWARE = "libsoftcard.so";

    private Gpus() {}

    /** GPU 0, or a reset emulator; skips the test, with the reason, if there is neither. */
    public static Device orSkip() {
        Optional<Path> named = Optional.ofNullable(System.getProperty(CudaLibraries.SETTING))
                .map(folder -> Path.of(folder, SOFTWARE))
                .filter(Files::exists);
        if (named.isPresent()) {
            NativeLibrary.getInstance(named.get().toString())
                    .getFunction("softcard_reset")
                    .invokeVoid(new Object[0]);
        } else if (!isAvailable()) {
            GpuEmulator.orSkip();
            Path folder = GpuEmulator.directory().orElseThrow();
            System.setProperty(CudaLibraries.SETTING, folder.toString());
            System.setProperty(DiskCache.SETTING, cacheOf(folder).toString());
        }
        Device device = Device.of(0);
        device.makeCurrent();
        return device;
    }

    private static boolean isAvailable() {
        try {
            return Device.count() > 0;
        } catch (CudaUnavailableException none) {
            return false;
        }
    }

    /** The cache folder for this build of the emulator. */
    private static Path cacheOf(Path folder) {
        try {
            long built =
                    Files.getLastModifiedTime(folder.resolve("built-from.txt")).toMillis();
            return folder.resolve("cache").resolve(Long.toString(built));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
