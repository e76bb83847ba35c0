package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerMemory;
import io.resnetspark.train.worker.WorkerReport;
import java.util.AbstractList;
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
    private final StageCounters counters;
    private final int workers;
    private final boolean remembers;
    private final boolean local;
    private final Broadcast<SerializableConfiguration> conf;
    /** What was remembered at first, each for its worker's task alone; later it is in {@link #done}. */
    private List<Broadcast<WorkerMemory>> first = List.of();

    private JavaRDD<Delivery.WithMemory> done;
    private JavaRDD<Delivery.WithMemory> current;

    /**
     * @param remembers whether workers keep something
     * @param local whether all of them are threads of this process
     */
    Crew(JavaSparkContext spark, LocalWork work, int workers, boolean remembers, boolean local) {
        this.spark = spark;
        this.work = spark.broadcast(work);
        this.counters = StageCounters.of(spark.sc());
        this.workers = workers;
        this.remembers = remembers;
        this.local = local;
        // Some thousand settings, packed: into every round's tasks they would go at the cost of milliseconds.
        this.conf = spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
        restore(List.of());
    }

    /** Begins with what was remembered before, by as many workers, or with nothing. */
    void restore(List<WorkerMemory> before) {
        release(done);
        done = null;
        forgetFirst();
        first = (before.isEmpty() ? Collections.nCopies(workers, WorkerMemory.nothing()) : before)
                .stream().map(spark::broadcast).toList();
    }

    private void forgetFirst() {
        first.forEach(Broadcast::destroy);
        first = List.of();
    }

    /**
     * Lets every worker do its part of a round, as soon as somebody asks for it.
     *
     * @param set in which floats that cross processes lie
     */
    JavaRDD<Delivery> deliveries(SharedState state, long set) {
        Broadcast<LocalWork> localWork = work;
        StageCounters counted = counters;
        boolean here = local;
        Broadcast<SerializableConfiguration> hadoop = conf;
        JavaRDD<WorkerMemory> memories = done == null
                ? spark.parallelize(first, workers).map(Broadcast::value)
                : Blocks.reader(done).map(Delivery.WithMemory::memory);
        release(current == done ? null : current); // of a round that failed
        current = memories.mapPartitionsWithIndex(
                (worker, memory) -> {
                    long start = System.nanoTime();
                    TrainingState begun = state.value();
                    long received = System.nanoTime();
                    Contribution.WithMemory done = localWork
                            .value()
                            .run(begun, worker, memory.next(), hadoop.value().value(), counted.images()::add);
                    WorkerReport report = done.contribution().report();
                    counted.add(report);
                    double working = (System.nanoTime() - received) * 1e-9;
                    Delivery delivery = here
                            ? new Delivery.Here(done.contribution())
                            : Delivery.Elsewhere.of(
                                    done,
                                    Slicing.of(begun),
                                    set,
                                    (received - start) * 1e-9,
                                    working - report.reading() - report.computing());
                    return List.of(new Delivery.WithMemory(delivery, done.memory()))
                            .iterator();
                },
                true);
        if (remembers) {
            current.persist(StorageLevel.MEMORY_AND_DISK());
        }
        return current.map(Delivery.WithMemory::delivery).setName("local steps");
    }

    /** The round is taken: what the workers remember now is what the next begins with. */
    void commit() {
        if (remembers) {
            release(done);
            done = current;
            forgetFirst();
        }
    }

    /** What the workers brought in the round that is under way is not what it should be: they are to do it again. */
    void again() {
        if (remembers) {
            current.unpersist(true);
            current.persist(StorageLevel.MEMORY_AND_DISK());
        }
    }

    private static void release(JavaRDD<?> cached) {
        if (cached != null) {
            cached.unpersist();
        }
    }

    /**
     * What each worker remembers, fetched when it is asked for, so that the driver need not hold that of all.
     *
     * @throws MemoryLostException from the list, if an executor ended that had one
     */
    List<WorkerMemory> memories() {
        if (!remembers) {
            return List.of();
        }
        if (done == null) {
            return first.stream().map(Broadcast::value).toList();
        }
        JavaRDD<Delivery.WithMemory> kept = done;
        return new AbstractList<>() {
            @Override
            public WorkerMemory get(int worker) {
                return Blocks.find(kept, worker)
                        .orElseThrow(() -> new MemoryLostException(
                                "What worker " + worker + " remembered is gone with its executor", null))
                        .memory();
            }

            @Override
            public int size() {
                return workers;
            }
        };
    }

    void close() {
        release(done);
        release(current);
        forgetFirst();
        work.destroy();
        conf.destroy();
    }
}
