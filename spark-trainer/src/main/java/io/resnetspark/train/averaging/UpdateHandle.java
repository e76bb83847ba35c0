package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.ArrayPool;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerReport;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.Serializable;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockManagerId;

/** A worker's update, as those who average it find it. */
sealed interface UpdateHandle extends Serializable {
    WorkerReport report();

    /**
     * Within one process: by reference.
     *
     * @param kept whether the worker keeps it, too
     */
    record InProcess(WorkerUpdate update, boolean kept) implements UpdateHandle {
        static InProcess of(WorkerUpdate.WithLocalState done) {
            return new InProcess(done.update(), done.localState().hasSent());
        }

        @Override
        public WorkerReport report() {
            return update.report();
        }
    }

    /** Across processes: in the block manager of the worker's own. */
    record InBlocks(WorkerReport report, RawBlocks floats, BlockManagerId where, boolean finite, Costs.OfWorker costs)
            implements UpdateHandle {
        /**
         * Puts an update into blocks, in this task's name, so that what another attempt left is in nobody's way; and gives
         * its arrays up.
         *
         * @param begin what the round began with, older blocks than which are over
         * @param averaged what became of the last round's updates meanwhile
         * @param receiving seconds that the state took to come
         * @param copying seconds that it took into the network and out of it
         */
        static InBlocks put(
                WorkerUpdate.WithLocalState done,
                StateBlocks begin,
                long set,
                OverlappedReductionTask.Outcome averaged,
                double receiving,
                double copying) {
            long start = System.nanoTime();
            WorkerUpdate update = done.update();
            WorkerReport report = update.report();
            StateLayout layout = report.examples() == 0 ? StateLayout.NOTHING : begin.layout();
            String name =
                    "worker" + report.worker() + "_task" + TaskContext.get().taskAttemptId();
            IntStream.range(0, layout.size())
                    .parallel()
                    .forEach(i -> RawBlocks.put(
                            set, begin.live(), name, i, layout.slice(i).of(update), false));
            if (done.localState().hasSent()) { // the worker keeps it until it is averaged
                UpdateArrayPool.give(
                        set,
                        begin.live(),
                        update.parameters().array(),
                        update.velocity().array(),
                        done.localState().begun().parameters().array(),
                        done.localState().begun().velocity().array());
            } else {
                ArrayPool.give(update.parameters().array());
                if (update.velocity().array() != done.localState().velocity().array()) {
                    ArrayPool.give(update.velocity().array());
                }
            }
            double putting = (System.nanoTime() - start) * 1e-9;
            return new InBlocks(
                    report,
                    RawBlocks.here(set, name, update.parameters().dtype(), layout.size()),
                    RawBlocks.thisProcess(),
                    averaged.finite(),
                    new Costs.OfWorker(receiving, copying, putting, averaged.hidden(), averaged.awaited()));
        }
    }

    /** With what the worker keeps after it. */
    record WithLocalState(UpdateHandle update, WorkerLocalState local) implements Serializable {}
}
