package io.resnetspark.model.cuda;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Assigns offsets in a block of memory before the block exists; freed ranges are reused. */
final class BufferAllocator {
    /** That of the driver's own allocations; a warp then reads whole cache lines. */
    static final long ALIGNMENT = 512;

    /** Free ranges: length by offset; no two touch. */
    private final TreeMap<Long, Long> freeRanges = new TreeMap<>();

    private long end;
    private long size;

    /** @return offset from the start of the block */
    long allocate(long bytes) {
        long length = rounded(bytes);
        Optional<Map.Entry<Long, Long>> fitting = freeRanges.entrySet().stream()
                .filter(place -> place.getValue() >= length)
                .findFirst();
        if (fitting.isPresent()) {
            long offset = fitting.get().getKey();
            long rest = fitting.get().getValue() - length;
            freeRanges.remove(offset);
            if (rest > 0) {
                freeRanges.put(offset + length, rest);
            }
            return offset;
        }
        long offset = end;
        Map.Entry<Long, Long> last = freeRanges.lastEntry();
        if (last != null && last.getKey() + last.getValue() == end) {
            offset = last.getKey();
            freeRanges.remove(offset);
        }
        end = offset + length;
        size = Math.max(size, end);
        return offset;
    }

    /** A range that is not reused, before or after. */
    long allocateFresh(long bytes) {
        long offset = end;
        end += rounded(bytes);
        size = end;
        return offset;
    }

    void free(long offset, long bytes) {
        long from = offset;
        long length = rounded(bytes);
        Map.Entry<Long, Long> before = freeRanges.lowerEntry(from);
        if (before != null && before.getKey() + before.getValue() == from) {
            from = before.getKey();
            length += before.getValue();
        }
        Long behind = freeRanges.remove(offset + rounded(bytes));
        freeRanges.put(from, behind == null ? length : length + behind);
    }

    /** The size that the block must have. */
    long size() {
        return size;
    }

    private static long rounded(long bytes) {
        return Math.max(1, (bytes + ALIGNMENT - 1) / ALIGNMENT) * ALIGNMENT;
    }
}
