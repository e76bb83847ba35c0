package io.resnetspark.model.cuda;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Deals out places in a block of memory before the block exists; a place that is given back serves again. */
final class BufferAllocator {
    /** Of the driver's own allocations; a warp reads whole lines then. */
    static final long ALIGNMENT = 512;

    /** Free places: where they begin, and how long they are; no two touch. */
    private final TreeMap<Long, Long> freeRanges = new TreeMap<>();

    private long end;
    private long size;

    /** @return where it begins, from the block's beginning */
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

    /** A place that was never anything else's, and will not be. */
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

    /** Bytes that the block must have. */
    long size() {
        return size;
    }

    private static long rounded(long bytes) {
        return Math.max(1, (bytes + ALIGNMENT - 1) / ALIGNMENT) * ALIGNMENT;
    }
}
