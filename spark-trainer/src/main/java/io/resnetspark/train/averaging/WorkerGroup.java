package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.Contribution;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
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
final class WorkerGroup {
    private final JavaSparkContext spark;
    private final Broadcast<LocalWork> work;
    private final StageCounters counters;
    private final int workers;
    private final boolean keeps;
    private final Broadcast<SerializableConfiguration> conf;
    /** What was remembered at first, each for its worker's task alone; later it is in {@link #done}. */
    private List<Broadcast<WorkerLocalState>> first = List.of();

    private JavaRDD<UpdateHandle.WithLocalState> done;
    private JavaRDD<UpdateHandle.WithLocalState> current;

    /**
     * @param keeps whether workers keep something
     */
    WorkerGroup(JavaSparkContext spark, LocalWork work, int workers, boolean keeps) {
        this.spark = spark;
        this.work = spark.broadcast(work);
        this.counters = StageCounters.of(spark.sc());
        this.workers = workers;
        this.keeps = keeps;
        // Some thousand settings, packed: into every round's tasks they would go at the cost of milliseconds.
        this.conf = spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
        restore(List.of());
    }

    /** Begins with what was remembered before, by as many workers, or with nothing. */
    void restore(List<WorkerLocalState> before) {
        release(done);
        done = null;
        forgetFirst();
        first = (before.isEmpty() ? Collections.nCopies(workers, WorkerLocalState.nothing()) : before)
                .stream().map(spark::broadcast).toList();
    }

    private void forgetFirst() {
        first.forEach(Broadcast::destroy);
        first = List.of();
    }

    /**
     * Lets every worker do its part of a round, as soon as somebody asks for it.
     *
     * @param set of the blocks in which updates that cross processes lie
     */
    JavaRDD<UpdateHandle> updates(StateHandle begin, long set) {
        Broadcast<LocalWork> localWork = work;
        StageCounters counted = counters;
        Broadcast<SerializableConfiguration> hadoop = conf;
        JavaRDD<WorkerLocalState> before = done == null
                ? spark.parallelize(first, workers).map(Broadcast::value)
                : Blocks.reader(done).map(UpdateHandle.WithLocalState::local);
        release(current == done ? null : current); // of a round that failed
        current = before.mapPartitionsWithIndex(
                (worker, kept) -> {
                    long start = System.nanoTime();
                    TrainingState state = begin.value();
                    long received = System.nanoTime();
                    Contribution.WithMemory ended = localWork
                            .value()
                            .run(state, worker, kept.next(), hadoop.value().value(), counted.images()::add);
                    WorkerReport report = ended.contribution().report();
                    counted.add(report);
                    double working = (System.nanoTime() - received) * 1e-9;
                    UpdateHandle update = begin instanceof StateHandle.Resident resident
                            ? UpdateHandle.InBlocks.put(
                                    ended,
                                    resident.blocks(),
                                    set,
                                    (received - start) * 1e-9,
                                    working - report.reading() - report.computing())
                            : new UpdateHandle.InProcess(ended.contribution());
                    return List.of(new UpdateHandle.WithLocalState(update, ended.memory()))
                            .iterator();
                },
                true);
        if (keeps) {
            current.persist(StorageLevel.MEMORY_AND_DISK());
        }
        return current.map(UpdateHandle.WithLocalState::update).setName("local steps");
    }

    /** The round is taken: what the workers remember now is what the next begins with. */
    void commit() {
        if (keeps) {
            release(done);
            done = current;
            forgetFirst();
        }
    }

    /** What the workers brought in the round that is under way is not what it should be: they are to do it again. */
    void again() {
        if (keeps) {
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
     * What each worker keeps, fetched when it is asked for, so that the driver need not hold that of all.
     *
     * @throws StateLostException from the list, if an executor ended that had one
     */
    List<WorkerLocalState> localStates() {
        if (!keeps) {
            return List.of();
        }
        if (done == null) {
            return first.stream().map(Broadcast::value).toList();
        }
        JavaRDD<UpdateHandle.WithLocalState> kept = done;
        return new AbstractList<>() {
            @Override
            public WorkerLocalState get(int worker) {
                return Blocks.find(kept, worker)
                        .orElseThrow(() -> new StateLostException(
                                "What worker " + worker + " remembered is gone with its executor", null))
                        .local();
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
