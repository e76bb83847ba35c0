package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.averaging.StateLayout.Vector;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.StatisticsLayout;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.storage.BlockManagerId;

/**
 * A state that lies in block managers, and where. A slice has a place that computed it, and a replica: the next place,
 * which keeps what it fetches of it when its round begins.
 *
 * @param set of its blocks
 * @param before set of the state before
 * @param places of the slices, by turns: the first has every n-th from the first on
 * @param hasOuter whether the outer optimiser's velocity is among them
 * @param timeout with the last one who has a slice
 */
record StateBlocks(
        long set,
        long before,
        StateLayout layout,
        StatisticsLayout statistics,
        List<BlockManagerId> places,
        boolean hasOuter,
        ExchangeTimeout timeout)
        implements Serializable {
    private static final String STATE = "state";
    private static final String OUTER = "outer";

    /** What a round that began with this came to. */
    StateBlocks next(long nextSet, List<BlockManagerId> where) {
        return new StateBlocks(nextSet, set, layout, statistics, where, hasOuter, timeout);
    }

    StateBlocks withoutOuter() {
        return new StateBlocks(set, before, layout, statistics, places, false, timeout);
    }

    LiveBlockSets live() {
        return new LiveBlockSets(before, set);
    }

    /** All but the outer velocity. */
    RawBlocks state() {
        return blocks(STATE);
    }

    /** The same, of slices that lie where they were found. */
    RawBlocks state(Map<Integer, BlockManagerId> holders) {
        return new RawBlocks(
                set,
                STATE,
                Dtype.FLOAT32,
                layout.all().stream()
                        .map(slice ->
                                holders.containsKey(slice) ? List.of(holders.get(slice)) : List.<BlockManagerId>of())
                        .toList());
    }

    /** The outer optimiser's velocity, by the numbers of the parameters' slices. */
    RawBlocks outer() {
        return blocks(OUTER);
    }

    private RawBlocks blocks(String name) {
        List<List<BlockManagerId>> holders = new ArrayList<>();
        for (int slice = 0; slice < layout.size(); slice++) {
            BlockManagerId place = place(slice);
            BlockManagerId replica = replica(slice);
            holders.add(replica.equals(place) ? List.of(place) : List.of(place, replica));
        }
        return new RawBlocks(set, name, Dtype.FLOAT32, holders);
    }

    private BlockManagerId place(int slice) {
        return places.get(slice % places.size());
    }

    /** The place itself if there is no other. */
    private BlockManagerId replica(int slice) {
        return IntStream.range(1, places.size())
                .mapToObj(i -> place(slice % places.size() + i))
                .filter(other -> !other.equals(place(slice)))
                .findFirst()
                .orElse(place(slice));
    }

    void put(int slice, FloatBlock values, LiveBlockSets needed) {
        RawBlocks.put(set, needed, STATE, slice, values, false);
    }

    /** Likewise, and everybody finds it. */
    void announce(int slice, FloatBlock values, LiveBlockSets needed) {
        RawBlocks.put(set, needed, STATE, slice, values, true);
    }

    /** Of slices that were announced, which lie where, so far. */
    Map<Integer, BlockManagerId> found(List<Integer> slices) {
        return RawBlocks.found(set, STATE, slices);
    }

    void putOuter(int slice, FloatBlock values, LiveBlockSets needed) {
        RawBlocks.put(set, needed, OUTER, slice, values, false);
    }

    /**
     * Fetches all but the outer velocity.
     *
     * @param replicates whether this process keeps the slices whose replica it is to be
     * @throws StateLostException if a slice is not to be had
     */
    void fetch(Arrays arrays, boolean replicates) {
        RawBlocks state = state();
        BlockManagerId here = RawBlocks.thisProcess();
        try {
            new SliceFetcher(layout, any -> List.of(state), 1, timeout).each(layout.all(), () -> (number, pieces) -> {
                Slice slice = layout.slice(number);
                float[] array = arrays.of(slice.vector());
                pieces.get(0).into(array, slice.from());
                if (replicates && isReplica(number, here)) {
                    put(number, FloatBlock.of(array).slice(slice.from(), slice.to()), live());
                }
            });
            if (replicates && hasOuter) {
                replicateOuter(here);
            }
        } catch (BlockLostException lost) {
            throw StateLostException.of(lost);
        }
        statistics.assign(arrays.parameters(), arrays.statistics());
    }

    private boolean isReplica(int slice, BlockManagerId process) {
        return replica(slice).equals(process) && !place(slice).equals(process);
    }

    private void replicateOuter(BlockManagerId here) {
        List<Integer> slices = layout.all(Vector.PARAMETERS).stream()
                .filter(slice -> isReplica(slice, here))
                .toList();
        RawBlocks outer = outer();
        new SliceFetcher(layout, any -> List.of(outer), 1, timeout).each(slices, () -> {
            float[] values = new float[layout.longest()];
            return (number, pieces) -> {
                pieces.get(0).into(values, 0);
                putOuter(
                        number,
                        FloatBlock.of(values).slice(0, layout.slice(number).length()),
                        live());
            };
        });
    }

    /**
     * Fetches the outer optimiser's velocity; empty if there is none.
     *
     * @throws StateLostException if a slice is not to be had
     */
    float[] fetchOuter() {
        float[] velocity = new float[hasOuter ? layout.parameters() : 0];
        if (hasOuter) {
            RawBlocks outer = outer();
            try {
                new SliceFetcher(layout, any -> List.of(outer), 1, timeout)
                        .each(
                                layout.all(Vector.PARAMETERS),
                                () -> (number, pieces) -> pieces.get(0)
                                        .into(velocity, layout.slice(number).from()));
            } catch (BlockLostException lost) {
                throw StateLostException.of(lost);
            }
        }
        return velocity;
    }
}
