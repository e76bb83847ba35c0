package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.Reduction.Range;
import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.averaging.StateLayout.Vector;
import io.resnetspark.train.worker.ArrayPool;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerUpdate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Between threads of one process: states and updates go by reference, and this process reduces them. */
final class InProcessExchange implements Exchange {
    private final StatisticsLayout statistics;
    private final List<StateHandle.InProcess> handles = new ArrayList<>();
    private Floats current = new Floats(new Arrays(new float[0], new float[0], new float[0]), new float[0]);
    private Floats next = current;

    InProcessExchange(StatisticsLayout statistics) {
        this.statistics = statistics;
    }

    /** The floats of a state, whose arrays serve again in the round after the next, unless somebody has taken them. */
    private static final class Floats implements TrainingState.Vectors {
        private final Arrays arrays;
        private final float[] outer;
        private boolean taken;

        Floats(Arrays arrays, float... outer) {
            this.arrays = arrays;
            this.outer = outer;
        }

        @Override
        public float[] parameters() {
            taken = true;
            return arrays.parameters();
        }

        @Override
        public float[] velocity() {
            taken = true;
            return arrays.velocity();
        }

        @Override
        public float[] outer() {
            taken = true;
            return outer;
        }

        /** For workers and the next reduction, who keep nothing of it. */
        TrainingState lent(TrainingState state) {
            return new TrainingState(
                    state.work(), state.iteration(), state.drops(), arrays.parameters(), arrays.velocity(), outer);
        }

        void giveBack() {
            if (!taken) {
                ArrayPool.give(arrays.parameters());
                ArrayPool.give(arrays.velocity());
                ArrayPool.give(outer);
            }
        }
    }

    @Override
    public StateHandle begin(TrainingState state) {
        close();
        return handle(state);
    }

    @Override
    public StateHandle handle(TrainingState state) {
        StateHandle.InProcess handle =
                StateHandle.InProcess.of(state.vectors() instanceof Floats floats ? floats.lent(state) : state);
        handles.add(handle);
        return handle;
    }

    @Override
    public TrainingState.Vectors vectors(StateHandle begun, TrainingState state) {
        return state.vectors();
    }

    /** At once: the cores are the workers', and what they begin with is the same as between processes. */
    @Override
    public OverlappedReduction overlap(StateHandle begun, Pending pending) {
        return OverlappedReduction.completed(reduce(begun, pending.updates(), pending.reduction()));
    }

    @Override
    public Optional<TrainingState.Vectors> reduce(StateHandle begin, List<UpdateHandle> handles, Reduction reduction) {
        TrainingState before = begin.value();
        List<WorkerUpdate> updates = handles.stream()
                .map(update -> ((UpdateHandle.InProcess) update).update())
                .toList();
        StateLayout layout = StateLayout.of(
                before.parameters().length, before.velocity().length, statistics.length(), updates.size());
        Arrays reduced = new Arrays(
                ArrayPool.take(layout.parameters()), ArrayPool.take(layout.velocity()), new float[layout.statistics()]);
        float[] outer = before.outer().clone();
        boolean finite = layout.slices().stream()
                .parallel()
                .map(slice -> reduce(slice, updates, reduction, before, outer, reduced))
                .reduce(true, Boolean::logicalAnd);
        statistics.assign(reduced.parameters(), reduced.statistics());
        handles.stream()
                .map(UpdateHandle.InProcess.class::cast)
                .filter(handle -> !handle.kept())
                .map(UpdateHandle.InProcess::update)
                .forEach(update -> {
                    ArrayPool.give(update.parameters().array());
                    ArrayPool.give(update.velocity().array());
                });
        next = new Floats(reduced, outer);
        return finite ? Optional.of(next) : Optional.empty();
    }

    private static boolean reduce(
            Slice slice,
            List<WorkerUpdate> updates,
            Reduction reduction,
            TrainingState before,
            float[] outer,
            Arrays next) {
        List<FloatBlock> slices = updates.stream().map(slice::of).toList();
        float[] begun = slice.vector() == Vector.VELOCITY ? before.velocity() : before.parameters();
        return reduction.reduce(
                slice.vector(),
                slices,
                new Range(begun, slice.from()),
                new Range(outer, slice.from()),
                new Range(next.of(slice.vector()), slice.from()));
    }

    @Override
    public void commit(Set<Long> pending) {
        if (next != current) {
            current.giveBack();
            current = next;
        }
    }

    @Override
    public long newSet() {
        return 0;
    }

    @Override
    public Optional<TrainingState> copied(TrainingState state) {
        return Optional.empty();
    }

    @Override
    public boolean isInProcess() {
        return true;
    }

    @Override
    public Costs costs() {
        return Costs.NONE;
    }

    @Override
    public void close() {
        handles.forEach(StateHandle.InProcess::close);
        handles.clear();
    }
}
