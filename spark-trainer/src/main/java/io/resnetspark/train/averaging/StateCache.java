package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateHandle.Resident;
import io.resnetspark.train.averaging.StateLayout.Arrays;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;

/**
 * The states that this process has fetched: its workers need not fetch them again, and the arrays serve round after round.
 * There are two where one is averaged while workers still use the one before.
 */
final class StateCache {
    /** By the number of their sets. Given up where a process runs short of memory. */
    private static final Map<Long, SoftReference<Arrays>> STATES = new TreeMap<>();

    private static long round;

    private StateCache() {}

    /**
     * The floats of a state, which is fetched if it is not here.
     *
     * @throws IllegalStateException if a later round has begun: a late task must not write over what others use
     */
    static synchronized Arrays of(Resident state) {
        if (state.round() < round) {
            throw new IllegalStateException("The round of this state is over.");
        }
        round = state.round();
        long set = state.blocks().set();
        Arrays known = STATES.getOrDefault(set, new SoftReference<>(null)).get();
        if (known != null) {
            return known;
        }
        Arrays arrays = room(state.blocks().layout(), set);
        state.blocks().fetch(arrays, true);
        put(set, arrays);
        return arrays;
    }

    /** Arrays for a state: those of another one than {@code used}, if there is one, which is over then. */
    static synchronized Arrays room(StateLayout layout, long used) {
        for (long set : new ArrayList<>(STATES.keySet())) {
            if (set != used) {
                Arrays arrays = STATES.remove(set).get();
                if (arrays != null && layout.fits(arrays)) {
                    return arrays;
                }
            }
        }
        return layout.arrays();
    }

    static synchronized void put(long set, Arrays arrays) {
        STATES.put(set, new SoftReference<>(arrays));
    }

    static synchronized boolean has(long set) {
        return STATES.containsKey(set) && STATES.get(set).get() != null;
    }
}
