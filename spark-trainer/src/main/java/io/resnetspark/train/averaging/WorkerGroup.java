package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerReport;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;

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
    private final int groupSize;
    private final Broadcast<SerializableConfiguration> conf;
    /** What was remembered at first, each for its worker's task alone; later it is in {@link #done}. */
    private List<Broadcast<WorkerLocalState>> first = List.of();

    private JavaRDD<UpdateHandle.WithLocalState> done;
    private JavaRDD<UpdateHandle.WithLocalState> current;

    /**
     * @param keeps whether workers keep something
     * @param groupSize workers that should be on one machine
     */
    WorkerGroup(JavaSparkContext spark, LocalWork work, int workers, boolean keeps, int groupSize) {
        this.spark = spark;
        this.work = spark.broadcast(work);
        this.counters = StageCounters.of(spark.sc());
        this.workers = workers;
        this.keeps = keeps;
        this.groupSize = groupSize;
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
     * @param late whether the last round's updates are not in the state yet, so that each worker goes on from its own
     * @param ahead what averages them meanwhile; empty if nothing does
     */
    JavaRDD<UpdateHandle> updates(StateHandle begin, long set, boolean late, List<OverlappedReductionTask> ahead) {
        Broadcast<LocalWork> localWork = work;
        StageCounters counted = counters;
        Broadcast<SerializableConfiguration> hadoop = conf;
        JavaRDD<WorkerLocalState> before = done == null
                ? placed(first).map(Broadcast::value)
                : TaskResults.reader(done).map(UpdateHandle.WithLocalState::local);
        release(current == done ? null : current); // of a round that failed
        current = before.mapPartitionsWithIndex(
                (worker, all) -> {
                    WorkerLocalState kept = all.next();
                    Task task = new Task(begin, set, late ? kept : kept.withoutSent(), ahead);
                    return List.of(task.run(
                                    worker, localWork.value(), hadoop.value().value(), counted))
                            .iterator();
                },
                true);
        if (keeps) {
            current.persist(StorageLevel.MEMORY_AND_DISK());
        }
        return current.map(UpdateHandle.WithLocalState::update).setName("local steps");
    }

    /** A partition a worker; Spark is asked to compute those of a group on one machine. */
    private <T> JavaRDD<T> placed(List<T> ofWorkers) {
        List<String> hosts = groupSize == 1 ? List.of() : hosts();
        if (hosts.isEmpty()) {
            return spark.parallelize(ofWorkers, workers);
        }
        List<Tuple2<T, Seq<String>>> located = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            String host = hosts.get(worker / groupSize % hosts.size());
            located.add(new Tuple2<>(
                    ofWorkers.get(worker),
                    JavaConverters.asScalaBuffer(List.of(host)).toSeq()));
        }
        ClassTag<T> type = ClassTag.apply(Object.class);
        return new JavaRDD<>(
                spark.sc().makeRDD(JavaConverters.asScalaBuffer(located).toSeq(), type), type);
    }

    /** Machines with executors. */
    private List<String> hosts() {
        String driver = RawBlocks.thisProcess().hostPort();
        return JavaConverters.mapAsJavaMap(spark.sc().getExecutorMemoryStatus()).keySet().stream()
                .filter(name -> !name.equals(driver))
                .map(name -> name.substring(0, name.lastIndexOf(':')))
                .distinct()
                .sorted()
                .toList();
    }

    /** A worker's part of a round. */
    private record Task(StateHandle begin, long set, WorkerLocalState kept, List<OverlappedReductionTask> ahead) {
        UpdateHandle.WithLocalState run(int worker, LocalWork work, Configuration conf, StageCounters counted)
                throws IOException {
            long start = System.nanoTime();
            TrainingState state = begin.value();
            long received = System.nanoTime();
            WorkerUpdate.WithLocalState ended;
            double working;
            OverlappedReductionTask.Outcome averaged = OverlappedReductionTask.Outcome.NONE;
            if (ahead.isEmpty()) {
                ended = work.run(state, worker, kept, conf, counted.images()::add);
                working = (System.nanoTime() - received) * 1e-9;
            } else {
                try (OverlappedReductionTask.Running running = ahead.get(0).of(worker)) {
                    ended = work.run(state, worker, kept, conf, running.during(counted.images()::add));
                    working = (System.nanoTime() - received) * 1e-9;
                    averaged = running.await();
                }
            }
            WorkerReport report = ended.update().report();
            counted.add(report);
            UpdateHandle update = begin instanceof StateHandle.Resident resident
                    ? UpdateHandle.InBlocks.put(
                            ended,
                            resident.blocks(),
                            set,
                            averaged,
                            (received - start) * 1e-9,
                            working - report.reading() - report.computing())
                    : UpdateHandle.InProcess.of(ended);
            return new UpdateHandle.WithLocalState(update, ended.localState());
        }
    }

    /** The updates that the workers' local states have, where others find them again after the run was resumed. */
    List<UpdateHandle> resent(StateHandle begin, long set) {
        if (!(begin instanceof StateHandle.Resident resident)) {
            return first.stream()
                    .map(Broadcast::value)
                    .<UpdateHandle>map(kept -> new UpdateHandle.InProcess(kept.sent(), true))
                    .toList();
        }
        return spark.parallelize(first, workers)
                .map(kept -> UpdateHandle.InBlocks.put(
                        new WorkerUpdate.WithLocalState(kept.value().sent(), kept.value()),
                        resident.blocks(),
                        set,
                        OverlappedReductionTask.Outcome.NONE,
                        0,
                        0))
                .map(UpdateHandle.class::cast)
                .collect();
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
     * @param late whether the last round's updates are not in the state yet, and belong to it
     * @throws StateLostException from the list, if an executor ended that had one
     */
    List<WorkerLocalState> localStates(boolean late) {
        if (!keeps) {
            return List.of();
        }
        if (done == null) {
            return first.stream()
                    .map(Broadcast::value)
                    .map(kept -> late ? kept : kept.withoutSent())
                    .toList();
        }
        JavaRDD<UpdateHandle.WithLocalState> kept = done;
        return new AbstractList<>() {
            @Override
            public WorkerLocalState get(int worker) {
                WorkerLocalState state = TaskResults.find(kept, worker)
                        .orElseThrow(() -> new StateLostException(
                                "What worker " + worker + " had kept for itself is gone with its executor", null))
                        .local();
                return late ? state : state.withoutSent();
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
