package io.resnetspark.common;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory that a JVM really needs: its live objects, and what is resident outside of its heap (native buffers,
 * compiled code, classes, stacks). Total resident memory is no measure of leaks, because the pages that the collector
 * keeps for new objects vary by 100 MB and more from one second to the next, as measured on drivers with G1.
 */
public final class NonHeapMemory {
    /** G1's line of jcmd GC.heap_info. */
    private static final Pattern HEAP = Pattern.compile("used (\\d+)K \\[0x(\\p{XDigit}+), 0x(\\p{XDigit}+)\\)");

    private static final Pattern MAPPING = Pattern.compile("(\\p{XDigit}+)-\\p{XDigit}+ .*");
    private static final Pattern RESIDENT = Pattern.compile("Rss: +(\\d+) kB");

    private NonHeapMemory() {}

    /** @return KiB, after a full collection */
    public static long kib(ProcessHandle process) throws IOException {
        String collected = jcmd(process, "GC.run");
        if (!collected.contains("successfully")) {
            throw new IOException("No collection in process " + process.pid() + ": " + collected);
        }
        Matcher heap = HEAP.matcher(jcmd(process, "GC.heap_info"));
        if (!heap.find()) {
            throw new IOException("No heap of G1 in process " + process.pid());
        }
        long begin = Long.parseUnsignedLong(heap.group(2), 16);
        long end = Long.parseUnsignedLong(heap.group(3), 16);
        return Long.parseLong(heap.group(1)) + residentOutside(process, begin, end);
    }

    private static long residentOutside(ProcessHandle process, long begin, long end) throws IOException {
        long sum = 0;
        boolean outside = true;
        for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "smaps"))) {
            Matcher mapping = MAPPING.matcher(line);
            Matcher resident = RESIDENT.matcher(line);
            if (mapping.matches()) {
                long address = Long.parseUnsignedLong(mapping.group(1), 16);
                outside = Long.compareUnsigned(address, begin) < 0 || Long.compareUnsigned(address, end) >= 0;
            } else if (outside && resident.matches()) {
                sum += Long.parseLong(resident.group(1));
            }
        }
        return sum;
    }

    private static String jcmd(ProcessHandle process, String command) throws IOException {
        Process jcmd = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/jcmd", String.valueOf(process.pid()), command)
                .redirectErrorStream(true)
                .start();
        return new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
