package io.resnetspark.train.averaging;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.lang.ref.SoftReference;
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
        public void close() {
            STATES.remove(id);
        }
    }

    /**
     * A state whose slices lie on executors.
     *
     * @param round that begins with it, a number higher than those of earlier rounds
     */
    record Resident(StateBlocks blocks, long round, EpochWork work, long iteration, int drops) implements StateHandle {
        /** What this process fetched last: its other workers need not fetch it again, and the next may take its place. */
        private static final class Last {
            private static SoftReference<Arrays> arrays = new SoftReference<>(null);
            private static long set;
            private static long round;

            private Last() {}

            static synchronized Arrays of(Resident state) {
                if (state.round < round) { // a late task must not write over what others use
                    throw new IllegalStateException("The round of this state is over.");
                }
                round = state.round;
                Arrays last = arrays.get();
                if (last == null || state.blocks.set() != set) {
                    set = state.blocks.set();
                    arrays.clear(); // if it does not come
                    StateLayout layout = state.blocks.layout();
                    last = last != null && layout.fits(last) ? last : layout.arrays();
                    state.blocks.fetch(last, true);
                    arrays = new SoftReference<>(last);
                }
                return last;
            }
        }

        @Override
        public TrainingState value() {
            Arrays arrays = Last.of(this);
            return new TrainingState(work, iteration, drops, arrays.parameters(), arrays.velocity(), new float[0]);
        }
    }
}
