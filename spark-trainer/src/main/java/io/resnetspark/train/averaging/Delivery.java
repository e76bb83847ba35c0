package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.SpareArrays;
import io.resnetspark.train.worker.WorkerMemory;
import io.resnetspark.train.worker.WorkerReport;
import java.io.Serializable;
import org.apache.spark.TaskContext;

/** What a worker brings, on its way to whoever averages it. */
sealed interface Delivery extends Serializable {
    /** With BN's moments. */
    WorkerReport report();

    /** Within one process: by reference. */
    record Here(Contribution contribution) implements Delivery {
        @Override
        public WorkerReport report() {
            return contribution.report();
        }
    }

    /** Across processes: where its floats lie, in the worker's own. */
    record Elsewhere(WorkerReport report, RawBlocks floats, Costs.OfWorker costs) implements Delivery {
        /**
         * Hands a contribution to Spark, and gives its arrays up, in this task's name: what it did not do to its end is in nobody's way.
         *
         * @param set with which the floats go
         * @param receiving seconds that the state took to come
         * @param copying seconds that it took into the network and out of it
         */
        static Elsewhere of(Contribution.WithMemory done, Slicing slicing, long set, double receiving, double copying) {
            long start = System.nanoTime();
            Contribution contribution = done.contribution();
            WorkerReport report = contribution.report();
            RawBlocks floats = RawBlocks.put(
                    set,
                    "worker" + report.worker() + "_task" + TaskContext.get().taskAttemptId(),
                    report.examples() == 0 ? Slicing.NOTHING : slicing,
                    contribution.parameters(),
                    contribution.velocity());
            SpareArrays.give(contribution.parameters().array());
            if (contribution.velocity().array() != done.memory().velocity().array()) { // which the worker keeps
                SpareArrays.give(contribution.velocity().array());
            }
            double putting = (System.nanoTime() - start) * 1e-9;
            return new Elsewhere(report, floats, new Costs.OfWorker(receiving, copying, putting));
        }

        Elsewhere withoutMoments() {
            return new Elsewhere(report.withoutMoments(), floats, costs);
        }
    }

    /** With what the worker remembers after it. */
    record WithMemory(Delivery delivery, WorkerMemory memory) implements Serializable {}
}
