package io.resnetspark.model.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Memory as the operating system sees it: tensors lie outside of the Java heap, where the JVM does not count them. */
public final class ResidentMemory {
    private ResidentMemory() {}

    /** The most that this process has had in memory; 0 where the system does not tell. */
    public static long peakBytes() {
        return line(Path.of("/proc/self/status"), "VmHWM:").orElse(0L);
    }

    /** What this process has in memory; 0 where the system does not tell. */
    public static long bytes() {
        return line(Path.of("/proc/self/status"), "VmRSS:").orElse(0L);
    }

    /**
     * What a process could still take without pushing others out, or being killed by its container; a very large number
     * where the system does not tell.
     */
    public static long available() {
        long machine = line(Path.of("/proc/meminfo"), "MemAvailable:").orElse(Long.MAX_VALUE);
        long container = number("/sys/fs/cgroup/memory.max")
                .flatMap(limit -> number("/sys/fs/cgroup/memory.current").map(used -> limit - used))
                .orElse(Long.MAX_VALUE);
        return Math.min(machine, container);
    }

    /** Empty for "max", and where there is no such file. */
    private static Optional<Long> number(String file) {
        try {
            return Optional.of(Long.parseLong(Files.readString(Path.of(file)).strip()));
        } catch (IOException | NumberFormatException unlimited) {
            return Optional.empty();
        }
    }

    private static Optional<Long> line(Path file, String name) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst();
        } catch (IOException notLinux) {
            return Optional.empty();
        }
    }
}
