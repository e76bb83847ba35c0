package io.resnetspark.model;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Memory as the operating system counts it. Tensors are outside of the Java heap, where the JVM does not count them.
 */
public final class ResidentMemory {
    private ResidentMemory() {}

    /** Peak resident memory of this process; 0 if the system does not report it. */
    public static long peakBytes() {
        return line(Path.of("/proc/self/status"), "VmHWM:").orElse(0L);
    }

    /** Resident memory of this process; 0 if the system does not report it. */
    public static long bytes() {
        return line(Path.of("/proc/self/status"), "VmRSS:").orElse(0L);
    }

    /**
     * Memory that this process could still take without displacing others or being killed by its container; a very
     * large number if the system does not report it.
     */
    public static long available() {
        long machine = line(Path.of("/proc/meminfo"), "MemAvailable:").orElse(Long.MAX_VALUE);
        // The JVM knows a container's limit. A container's own usage includes file caches, which it would give back.
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return Math.min(machine, system.getTotalMemorySize() - bytes());
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
