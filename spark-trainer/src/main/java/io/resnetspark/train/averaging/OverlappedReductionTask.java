package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.averaging.StateLayout.Slice;
import io.resnetspark.train.worker.LocalWork;
import java.io.InterruptedIOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.spark.storage.BlockManagerId;

/**
 * Averages the last round's updates in the background of a worker's next steps: the worker reduces some slices, which it
 * announces, and fetches those of others as they are announced. What nobody has announced when its own steps are done it
 * reduces itself; so nobody waits for a worker that is late, or whose task has not begun.
 *
 * @param reduce of the last round's updates; announces
 * @param workers of the round
 */
record OverlappedReductionTask(ReduceTask reduce, int workers) implements Serializable {
    private static final long POLL_MILLISECONDS = 20;

    /** One worker of a process fetches for all. */
    private static final Map<Long, Object> FETCHING = new ConcurrentHashMap<>();

    /**
     * What came of it.
     *
     * @param finite whether all values that this worker reduced are
     * @param hidden seconds that it took
     * @param awaited of these, after the worker's steps
     */
    record Outcome(boolean finite, double hidden, double awaited) {
        static final Outcome NONE = new Outcome(true, 0, 0);
    }

    /** Of one worker. */
    Running of(int worker) {
        return new Running(worker);
    }

    /** In a thread of its own, which begins with the worker's steps: the state's way into the network has the cores to itself. */
    final class Running implements AutoCloseable {
        private final int worker;
        private final FutureTask<Boolean> work = new FutureTask<>(this::average);
        private final Thread thread = new Thread(work, "average of the last round");
        private long begun;
        private volatile long ended;
        private volatile boolean stepsAreDone;

        private Running(int worker) {
            this.worker = worker;
            thread.setDaemon(true);
        }

        /** Begins when the worker's steps do. */
        LocalWork.Progress during(LocalWork.Progress steps) {
            return new LocalWork.Progress() {
                @Override
                public void stepsBegin() {
                    begin();
                    steps.stepsBegin();
                }

                @Override
                public void trainedOn(long images) {
                    steps.trainedOn(images);
                }
            };
        }

        private void begin() {
            if (thread.getState() == Thread.State.NEW) {
                begun = System.nanoTime();
                thread.start();
            }
        }

        /**
         * Waits for it; the worker's steps are done.
         *
         * @throws StateLostException if an update is not to be had
         */
        Outcome await() throws InterruptedIOException {
            stepsAreDone = true;
            begin(); // where there were no steps
            long start = System.nanoTime();
            try {
                boolean finite = work.get();
                return new Outcome(finite, (ended - begun) * 1e-9, (System.nanoTime() - start) * 1e-9);
            } catch (InterruptedException killed) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("Spark ended this task");
            } catch (ExecutionException failed) {
                if (failed.getCause() instanceof StateLostException lost) {
                    throw lost;
                }
                throw new IllegalStateException("The last round was not averaged: " + failed.getCause(), failed);
            }
        }

        private boolean average() throws InterruptedException {
            boolean finite = reduced(reduce.run(worker, workers));
            synchronized (FETCHING.computeIfAbsent(reduce.set(), set -> new Object())) {
                if (!StateCache.has(reduce.set())) {
                    finite &= fetch();
                }
            }
            FETCHING.keySet().removeIf(set -> set < reduce.set());
            ended = System.nanoTime();
            return finite;
        }

        private boolean fetch() throws InterruptedException {
            StateBlocks last = reduce.begun().blocks();
            StateBlocks next = last.next(reduce.set(), List.of());
            Arrays arrays = StateCache.room(next.layout(), last.set());
            boolean finite = true;
            List<Integer> missing = new ArrayList<>(next.layout().all());
            while (!missing.isEmpty()) {
                Map<Integer, BlockManagerId> found = next.found(missing);
                fetch(next, found, arrays);
                missing.removeAll(found.keySet());
                if (found.isEmpty() && stepsAreDone) {
                    finite &= reduced(reduce.run(List.of(missing.get(worker % missing.size()))));
                } else if (found.isEmpty()) {
                    Thread.sleep(POLL_MILLISECONDS);
                }
            }
            next.statistics().assign(arrays.parameters(), arrays.statistics());
            StateCache.put(reduce.set(), arrays);
            return finite;
        }

        private void fetch(StateBlocks next, Map<Integer, BlockManagerId> found, Arrays arrays) {
            RawBlocks blocks = next.state(found);
            try {
                new SliceFetcher(next.layout(), any -> List.of(blocks), 1, next.timeout())
                        .each(List.copyOf(found.keySet()), () -> (number, pieces) -> {
                            Slice slice = next.layout().slice(number);
                            pieces.get(0).into(arrays.of(slice.vector()), slice.from());
                        });
            } catch (BlockLostException lost) {
                throw StateLostException.of(lost);
            }
        }

        private boolean reduced(ReduceTask.Outcome outcome) {
            if (!outcome.lost().isEmpty()) {
                throw StateLostException.of(new BlockLostException(outcome.lost()));
            }
            return outcome.finite();
        }

        @Override
        public void close() {
            work.cancel(true);
        }
    }
}
