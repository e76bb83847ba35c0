package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.Reduction.Range;
import io.resnetspark.train.averaging.StateHandle.Resident;
import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.averaging.StateLayout.Vector;
import io.resnetspark.train.worker.ArrayPool;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.spark.storage.BlockManagerId;

/**
 * Reduces some slices on an executor: fetches them from all workers, and puts those of the next state into this process's
 * block manager.
 *
 * @param updates of the workers with examples, in the order of their numbers
 * @param set of the next state
 * @param announces whether others find the slices as soon as they are there
 */
record ReduceTask(Resident begun, List<RawBlocks> updates, Reduction reduction, long set, boolean announces)
        implements Serializable {
    /**
     * What a task came to.
     *
     * @param where the slices lie
     * @param finite whether all values are
     * @param waited seconds for bytes, on average over its threads
     * @param lost which block is; empty if none: a task that fails would only be run again, against the same wall
     */
    record Outcome(BlockManagerId where, boolean finite, double waited, String lost) implements Serializable {}

    /** Processes that have some of the updates. */
    List<BlockManagerId> holders() {
        return updates.stream()
                .map(update -> update.holders().get(0).get(0))
                .distinct()
                .toList();
    }

    /** Every {@code tasks}-th slice, from that of this task's number on. */
    Outcome run(int task, int tasks) {
        return run(begun.blocks().layout().all().stream()
                .filter(slice -> slice % tasks == task)
                .toList());
    }

    Outcome run(List<Integer> slices) {
        StateLayout layout = begun.blocks().layout();
        try {
            AtomicBoolean finite = new AtomicBoolean(true);
            double waited = new SliceFetcher(
                            layout,
                            sources(),
                            updates.size() + 1,
                            begun.blocks().timeout())
                    .each(slices, () -> new Reducer(before(), finite));
            return new Outcome(RawBlocks.thisProcess(), finite.get(), waited, "");
        } catch (BlockLostException lost) {
            return new Outcome(RawBlocks.thisProcess(), true, 0, lost.getMessage());
        }
    }

    /** Of a slice, all workers' updates, and perhaps the outer optimiser's velocity. */
    private java.util.function.IntFunction<List<RawBlocks>> sources() {
        if (!begun.blocks().hasOuter()) {
            return slice -> updates;
        }
        StateLayout layout = begun.blocks().layout();
        RawBlocks outer = begun.blocks().outer();
        List<RawBlocks> both = Stream.concat(updates.stream(), Stream.of(outer)).toList();
        return slice -> layout.slice(slice).vector() == Vector.PARAMETERS ? both : updates;
    }

    /** Usually this process has it from the workers' steps. */
    private TrainingState before() {
        return reduction.needsBefore()
                ? begun.value()
                : new TrainingState(begun.work(), 0, 0, new float[0], new float[0], new float[0]);
    }

    /** A thread's room for a slice of each worker. */
    private final class Reducer implements SliceFetcher.Work {
        private final TrainingState before;
        private final AtomicBoolean finite;
        private final List<float[]> room = new ArrayList<>();
        private final StateBlocks target = begun.blocks().next(set, List.of());
        private final float[] next = ArrayPool.take(begun.blocks().layout().longest());

        Reducer(TrainingState before, AtomicBoolean finite) {
            this.before = before;
            this.finite = finite;
        }

        @Override
        public void on(int number, List<BlockFetch> pieces) throws InterruptedException {
            Slice slice = begun.blocks().layout().slice(number);
            List<FloatBlock> blocks = new ArrayList<>();
            for (int i = 0; i < pieces.size(); i++) {
                if (room.size() == i) {
                    room.add(ArrayPool.take(next.length));
                }
                pieces.get(i).into(room.get(i), 0);
                blocks.add(FloatBlock.of(room.get(i)).slice(0, slice.length()));
            }
            boolean hasOuter = blocks.size() > updates.size();
            float[] old = slice.vector() == Vector.VELOCITY ? before.velocity() : before.parameters();
            boolean sound = reduction.reduce(
                    slice.vector(),
                    blocks.subList(0, updates.size()),
                    new Range(old, slice.from()),
                    hasOuter ? new Range(room.get(updates.size()), 0) : Range.NONE,
                    new Range(next, 0));
            if (!sound) {
                finite.set(false);
            }
            FloatBlock values = FloatBlock.of(next).slice(0, slice.length());
            if (announces) {
                target.announce(number, values, begun.blocks().live());
            } else {
                target.put(number, values, begun.blocks().live());
            }
            if (hasOuter) {
                target.putOuter(
                        number, blocks.get(updates.size()), begun.blocks().live());
            }
        }

        @Override
        public void close() {
            room.forEach(ArrayPool::give);
            ArrayPool.give(next);
        }
    }
}
