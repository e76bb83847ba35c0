package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.SpareArrays;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Arrays of updates that workers of this process keep until they are averaged: they serve again when nobody can ask for
 * them any more, as their blocks' memory does.
 */
final class KeptArrays {
    /** By the number of their set. */
    private static final Map<Long, List<float[]>> KEPT = new HashMap<>();

    private KeptArrays() {}

    /** Gives arrays up as soon as their set is over. */
    static synchronized void give(long set, LiveSets live, float[]... arrays) {
        for (long kept : new ArrayList<>(KEPT.keySet())) {
            if (live.isOver(kept)) {
                KEPT.remove(kept).forEach(SpareArrays::give);
            }
        }
        KEPT.computeIfAbsent(set, any -> new ArrayList<>()).addAll(List.of(arrays));
    }
}
