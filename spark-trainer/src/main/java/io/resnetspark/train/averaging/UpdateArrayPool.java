package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.ArrayPool;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Arrays of updates that workers of this process keep until they are averaged: they serve again when nobody can ask for
 * them any more, as their blocks' memory does. Given up where a process runs short of memory.
 */
final class UpdateArrayPool {
    /** By the number of their set. */
    private static final Map<Long, List<SoftReference<float[]>>> KEPT = new HashMap<>();

    private UpdateArrayPool() {}

    /** Gives arrays up as soon as their set is over. */
    static synchronized void give(long set, LiveBlockSets live, float[]... arrays) {
        for (long kept : new ArrayList<>(KEPT.keySet())) {
            if (live.isOver(kept)) {
                KEPT.remove(kept).stream()
                        .map(SoftReference::get)
                        .filter(Objects::nonNull)
                        .forEach(ArrayPool::give);
            }
        }
        List<SoftReference<float[]>> of = KEPT.computeIfAbsent(set, any -> new ArrayList<>());
        Stream.of(arrays).map(SoftReference::new).forEach(of::add);
    }
}
