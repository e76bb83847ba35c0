package io.resnetspark.train.averaging;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.train.averaging.Slicing.Slice;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.lang.ref.SoftReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** A state on its way to the workers. */
abstract sealed class SharedState implements Serializable, AutoCloseable {
    private static final long serialVersionUID = 1;

    /** Shares a state with as many workers as its work is dealt to. */
    static SharedState of(TrainingState state, JavaSparkContext spark) {
        return of(state, spark, RawBlocks.newSet(), spark.isLocal());
    }

    /**
     * The same of a round.
     *
     * @param set with which raw blocks go, the workers' among them, when this is closed
     * @param local whether all workers are threads of this process
     */
    static SharedState of(TrainingState state, JavaSparkContext spark, long set, boolean local) {
        if (local) {
            return new Here(state, set);
        }
        return state.work().parts().size() <= RemoteMean.FEW_WORKERS
                ? new Raw(state, set)
                : new OnwardByAll(state, set, spark);
    }

    /** @throws IllegalStateException if the round is over */
    abstract TrainingState value();

    /** That were put where others can fetch them, by us; not by Spark's broadcast. */
    long bytes() {
        return 0;
    }

    @Override
    public abstract void close();

    /** To threads of this process: the state itself. */
    private static final class Here extends SharedState {
        private static final long serialVersionUID = 1;
        private static final Map<Long, TrainingState> STATES = new ConcurrentHashMap<>();

        private final long id;

        Here(TrainingState state, long id) {
            this.id = id;
            STATES.put(id, state);
        }

        @Override
        TrainingState value() {
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

    /** To a few other processes, each of which takes it raw from the driver. */
    private static final class Raw extends SharedState {
        private static final long serialVersionUID = 1;

        /** What this process took last: its other workers need not take it again, and the next may take its place. */
        private static SoftReference<TrainingState> last = new SoftReference<>(null);

        private static long lastSet;

        private final EpochWork work;
        private final long iteration;
        private final int drops;
        private final Slicing slicing;
        private final RawBlocks floats;

        Raw(TrainingState state, long set) {
            this.work = state.work();
            this.iteration = state.iteration();
            this.drops = state.drops();
            this.slicing = Slicing.of(state);
            this.floats = RawBlocks.put(
                    set, "state", slicing, FloatBlock.of(state.parameters()), FloatBlock.of(state.velocity()));
        }

        /** Valid until the next state is asked for. Workers have no use for the outer velocity. */
        @Override
        TrainingState value() {
            synchronized (Raw.class) {
                if (floats.set() < lastSet) { // a late task must not write over what others use
                    throw new IllegalStateException("The round of this state is over.");
                }
                TrainingState before = last.get();
                if (before != null && lastSet == floats.set()) {
                    return before;
                }
                boolean fits = before != null
                        && before.parameters().length == slicing.parameters()
                        && before.velocity().length == slicing.velocity();
                TrainingState state = new TrainingState(
                        work,
                        iteration,
                        drops,
                        fits ? before.parameters() : new float[slicing.parameters()],
                        fits ? before.velocity() : new float[slicing.velocity()],
                        new float[0]);
                lastSet = floats.set();
                last.clear(); // if it does not come
                gather(state);
                last = new SoftReference<>(state);
                return state;
            }
        }

        private void gather(TrainingState state) {
            List<Integer> all =
                    IntStream.range(0, slicing.slices().size()).boxed().toList();
            new Gathering(slicing, any -> List.of(floats), 1).each(all, () -> (number, pieces) -> {
                Slice slice = slicing.slices().get(number);
                pieces.get(0).into(slice.velocity() ? state.velocity() : state.parameters(), slice.from());
            });
        }

        @Override
        long bytes() {
            return ((long) slicing.parameters() + slicing.velocity()) * Float.BYTES;
        }

        @Override
        public void close() {
            RawBlocks.release(floats.set());
        }
    }

    /** To many other processes: a broadcast, which they hand on to each other. */
    private static final class OnwardByAll extends SharedState {
        private static final long serialVersionUID = 1;
        private final long set;
        private final Broadcast<TrainingState> state;

        OnwardByAll(TrainingState state, long set, JavaSparkContext spark) {
            this.set = set;
            this.state = spark.broadcast(state);
        }

        @Override
        TrainingState value() {
            return state.value();
        }

        @Override
        public void close() {
            state.destroy();
            RawBlocks.release(set);
        }
    }
}
