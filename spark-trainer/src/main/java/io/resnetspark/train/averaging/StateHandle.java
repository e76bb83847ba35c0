package io.resnetspark.train.averaging;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.lang.ref.SoftReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What a worker's task knows of the state that its round begins with. */
sealed interface StateHandle extends Serializable {
    /**
     * The state; without the outer velocity, which workers have no use for. Valid until a later one is asked for.
     *
     * @throws IllegalStateException if a later round has begun
     * @throws StateLostException if it is on no executor any more
     */
    TrainingState value();

    /** How it is cut, where it crosses processes. */
    StateLayout layout();

    /** To threads of this process: the state itself. */
    record InProcess(long id) implements StateHandle, AutoCloseable {
        private static final Map<Long, TrainingState> STATES = new ConcurrentHashMap<>();

        /** Of no round. */
        static final InProcess NONE = new InProcess(-1);

        static InProcess of(TrainingState state) {
            InProcess handle = new InProcess(RawBlocks.newSet());
            STATES.put(handle.id, state);
            return handle;
        }

        @Override
        public TrainingState value() {
            TrainingState state = STATES.get(id);
            if (state == null) {
                throw new IllegalStateException("The round of this state is over.");
            }
            return state;
        }

        @Override
        public StateLayout layout() {
            return StateLayout.NOTHING;
        }

        @Override
        public void close() {
            STATES.remove(id);
        }
    }

    /**
     * A state whose slices lie on executors, as Spark's master knows.
     *
     * @param set of its blocks
     * @param hasOuter whether the outer optimiser's velocity is among them
     */
    record Resident(
            long set,
            StateLayout layout,
            StatisticsLayout statistics,
            boolean hasOuter,
            EpochWork work,
            long iteration,
            int drops)
            implements StateHandle {
        static final String STATE = "state";
        static final String OUTER = "outer";

        /** What this process fetched last: its other workers need not fetch it again, and the next may take its place. */
        private static final class Last {
            private static SoftReference<Arrays> arrays = new SoftReference<>(null);
            private static long set;

            private Last() {}

            static synchronized Arrays of(Resident state) {
                if (state.set < set) { // a late task must not write over what others use
                    throw new IllegalStateException("The round of this state is over.");
                }
                Arrays last = arrays.get();
                if (last == null || state.set > set) {
                    set = state.set;
                    arrays.clear(); // if it does not come
                    last = state.fetch(last != null && state.layout.fits(last) ? last : state.layout.arrays());
                    arrays = new SoftReference<>(last);
                }
                return last;
            }
        }

        /** Another place in the run, with the same floats. */
        Resident at(TrainingState state) {
            return new Resident(set, layout, statistics, hasOuter, state.work(), state.iteration(), state.drops());
        }

        @Override
        public TrainingState value() {
            Arrays arrays = Last.of(this);
            return new TrainingState(work, iteration, drops, arrays.parameters(), arrays.velocity(), new float[0]);
        }

        /** Fetches all but the outer velocity. */
        Arrays fetch(Arrays arrays) {
            RawBlocks blocks = RawBlocks.found(set, STATE, layout.size());
            new SliceFetcher(layout, any -> List.of(blocks), 1).each(layout.all(), () -> (number, pieces) -> {
                Slice slice = layout.slice(number);
                pieces.get(0).into(arrays.of(slice.vector()), slice.from());
            });
            statistics.assign(arrays.parameters(), arrays.statistics());
            return arrays;
        }

        /** Fetches the outer optimiser's velocity; empty if there is none. */
        float[] fetchOuter() {
            float[] velocity = new float[hasOuter ? layout.parameters() : 0];
            if (hasOuter) {
                List<Integer> slices = layout.all(StateLayout.Vector.PARAMETERS);
                RawBlocks blocks = RawBlocks.found(set, OUTER, slices.size());
                new SliceFetcher(layout, any -> List.of(blocks), 1)
                        .each(
                                slices,
                                () -> (number, pieces) -> pieces.get(0)
                                        .into(velocity, layout.slice(number).from()));
            }
            return velocity;
        }
    }
}
