package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.TrainingState.Vectors;
import java.util.List;
import java.util.Optional;

/** The last round's updates, averaged while a round is under way. */
interface OverlappedReduction {
    /** What each worker's task does for it beside its steps; empty where nothing is left to do. */
    List<OverlappedReductionTask> workerTasks();

    /**
     * The average.
     *
     * @param ended what all workers brought in this round
     * @return nothing if a value is not finite
     */
    Optional<Vectors> result(List<UpdateHandle> ended);

    /** Of an average that is there. */
    static OverlappedReduction completed(Optional<Vectors> average) {
        return new OverlappedReduction() {
            @Override
            public List<OverlappedReductionTask> workerTasks() {
                return List.of();
            }

            @Override
            public Optional<Vectors> result(List<UpdateHandle> ended) {
                return average;
            }
        };
    }
}
