package io.resnetspark.model;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
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
     * What this process could still take without pushing others out, or being killed by its container; a very large
     * number where the system does not tell.
     */
    public static long available() {
        long machine = line(Path.of("/proc/meminfo"), "MemAvailable:").orElse(Long.MAX_VALUE);
        // The JVM knows a container's limit. What a container "uses" counts files that it would give back.
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
