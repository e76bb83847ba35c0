package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerMemory;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The workers of a run, a partition each. What they keep from round to round, if anything, lies on the executors, and
 * Spark carries it to where a worker's next task runs.
 */
final class Crew {
    private final JavaSparkContext spark;
    private final Broadcast<LocalWork> work;
    private final boolean remembers;
    private JavaRDD<WorkerMemory> memories;
    private JavaRDD<Contribution.WithMemory> current;

    /** @param remembers whether workers keep something */
    Crew(JavaSparkContext spark, LocalWork work, int workers, boolean remembers) {
        this.spark = spark;
        this.work = spark.broadcast(work);
        this.remembers = remembers;
        restore(Collections.nCopies(workers, WorkerMemory.nothing()));
    }

    /** Begins with what was remembered before. */
    void restore(List<WorkerMemory> before) {
        memories = spark.parallelize(before, before.size());
    }

    /** Lets every worker do its part of a round, as soon as somebody asks for it. */
    JavaRDD<Contribution> contributions(Broadcast<TrainingState> state) {
        Broadcast<LocalWork> localWork = work;
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        current = memories.mapPartitionsWithIndex(
                (worker, memory) -> {
                    long start = System.nanoTime();
                    TrainingState received = state.value();
                    double receiving = (System.nanoTime() - start) * 1e-9;
                    return List.of(localWork
                                    .value()
                                    .run(received, worker, memory.next(), conf.value())
                                    .received(receiving))
                            .iterator();
                },
                true);
        if (remembers) {
            // A checkpoint of this kind ends the lineage: what an executor takes with it when it dies is lost, and is
            // then fetched from the run's last checkpoint; it cannot be computed again, since the states are gone.
            current.persist(StorageLevel.MEMORY_AND_DISK());
            current.rdd().localCheckpoint();
        }
        return current.map(Contribution.WithMemory::contribution).setName("local steps");
    }

    /** The round is done: what the workers remember now is what the next begins with. */
    void remember() {
        if (remembers) {
            JavaRDD<Contribution.WithMemory> done = current;
            release();
            kept = done;
            memories = done.map(Contribution.WithMemory::memory);
        }
    }

    private JavaRDD<Contribution.WithMemory> kept;

    private void release() {
        if (kept != null) {
            kept.unpersist();
            kept = null;
        }
    }

    void close() {
        release();
        work.destroy();
    }
}
