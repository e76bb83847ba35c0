package io.resnetspark.train.averaging;

import io.resnetspark.input.SamplerState;
import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
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
    record Resident(StateBlocks blocks, long round, SamplerState work, long iteration, int drops)
            implements StateHandle {
        Resident withoutOuter() {
            return new Resident(blocks.withoutOuter(), round, work, iteration, drops);
        }

        @Override
        public TrainingState value() {
            Arrays arrays = StateCache.of(this);
            return new TrainingState(work, iteration, drops, arrays.parameters(), arrays.velocity(), new float[0]);
        }
    }
}
