package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateHandle.Resident;
import io.resnetspark.train.averaging.UpdateHandle.InBlocks;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.ExecutorCacheTaskLocation;
import org.apache.spark.storage.BlockManagerId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;

/**
 * Between processes: a state lies on the executors, in slices. Each executor averages some slices of the workers' updates
 * (a reduce-scatter) and keeps them, with a copy on another one; at the next round's begin each executor fetches the
 * slices that it lacks (an all-gather). Both go through Spark's block transfer. The driver learns who has which, and sees
 * no floats but those that it asks for.
 */
final class BlockExchange implements Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(BlockExchange.class);

    /** So many fetch a first state from the driver; it would become what more of them wait for. */
    private static final int FEW_WORKERS = 3;

    private final JavaSparkContext spark;
    private final StatisticsLayout statistics;
    private final Set<Long> sets = new HashSet<>();
    /** Doubled whenever it was too short: perhaps nobody stands still, and the network is slow. */
    private ExchangeTimeout timeout;

    /** Of the state before the current one, of this, and of what the last reduction came to. */
    private long before;

    private long current;
    private long next;
    /** Of the state that the last round began with. */
    private long begun;

    /** Of updates that are still to be averaged. */
    private Set<Long> pending = Set.of();

    private Costs costs = Costs.NONE;

    BlockExchange(JavaSparkContext spark, StatisticsLayout statistics, ExchangeTimeout timeout) {
        this.spark = spark;
        this.timeout = timeout;
        this.statistics = statistics;
    }

    @Override
    public Resident begin(TrainingState state) {
        costs = Costs.NONE;
        Resident resident = handle(state);
        begun = resident.blocks().set();
        next = begun;
        release(Set.of(begun));
        return resident;
    }

    @Override
    public Resident handle(TrainingState state) {
        return state.vectors() instanceof RemoteVectors there ? resident(there.blocks(), state) : seed(state);
    }

    @Override
    public TrainingState.Vectors vectors(StateHandle begun, TrainingState state) {
        return state.vectors() instanceof RemoteVectors there ? there : new RemoteVectors(((Resident) begun).blocks());
    }

    @Override
    public OverlappedReduction overlap(StateHandle begun, Pending pending) {
        Resident state = (Resident) begun;
        int workers = state.work().parts().size();
        ReduceTask reduce = new ReduceTask(state, floats(pending.updates()), pending.reduction(), newSet(), true);
        next = reduce.set();
        return new OverlappedReduction() {
            @Override
            public List<OverlappedReductionTask> workerTasks() {
                return List.of(new OverlappedReductionTask(reduce, workers));
            }

            @Override
            public Optional<TrainingState.Vectors> result(List<UpdateHandle> ended) {
                List<InBlocks> byWorker = ended.stream()
                        .map(InBlocks.class::cast)
                        .sorted(Comparator.comparingInt(
                                update -> update.report().worker()))
                        .toList();
                costs = costs(byWorker, reduce, List.of(), 0);
                return byWorker.stream().allMatch(InBlocks::finite)
                        ? Optional.of(new RemoteVectors(state.blocks()
                                .next(
                                        reduce.set(),
                                        byWorker.stream().map(InBlocks::where).toList())))
                        : Optional.empty();
            }
        };
    }

    private static List<RawBlocks> floats(List<UpdateHandle> updates) {
        return updates.stream().map(update -> ((InBlocks) update).floats()).toList();
    }

    /** Puts a state that the driver has where workers find it: with many of them, a slice of it each. */
    private Resident seed(TrainingState state) {
        long start = System.nanoTime();
        int workers = state.work().parts().size();
        StateLayout layout =
                StateLayout.of(state.parameters().length, state.velocity().length, statistics.length(), workers);
        StateBlocks here = new StateBlocks(
                newSet(), 0, layout, statistics, List.of(RawBlocks.thisProcess()), state.outer().length > 0, timeout);
        FloatBlock parameters = FloatBlock.of(state.parameters());
        FloatBlock velocity = FloatBlock.of(state.velocity());
        FloatBlock values = FloatBlock.of(statistics.values(state.parameters()));
        for (int i : layout.all()) {
            here.put(i, layout.slice(i).of(parameters, velocity, values), here.live());
        }
        if (here.hasOuter()) {
            FloatBlock outer = FloatBlock.of(state.outer());
            for (int i : layout.all(StateLayout.Vector.PARAMETERS)) {
                here.putOuter(i, layout.slice(i).of(outer, outer, outer), here.live());
            }
        }
        costs = costs.with((System.nanoTime() - start) * 1e-9, layout.elements() * Float.BYTES);
        Resident seed = resident(here, state);
        if (workers <= FEW_WORKERS) {
            return seed;
        }
        try {
            return resident(scattered(seed), state);
        } catch (StateLostException standsStill) {
            LOG.warn("{}; the driver sends the state to all", standsStill.getMessage());
            return seed;
        }
    }

    private Resident resident(StateBlocks blocks, TrainingState state) {
        return new Resident(blocks, RawBlocks.newSet(), state.work(), state.iteration(), state.drops());
    }

    private StateBlocks scattered(Resident seed) {
        StateBlocks here = seed.blocks();
        ReduceTask scatter = new ReduceTask(seed, List.of(here.state()), Reduction.mean(List.of(1L)), newSet(), false);
        int tasks = Math.max(1, spark.sc().getExecutorIds().size());
        JavaRDD<Integer> numbers =
                spark.parallelize(IntStream.range(0, tasks).boxed().toList(), tasks);
        return here.next(scatter.set(), where(collect(numbers.map(number -> scatter.run(number, tasks)))));
    }

    private static List<BlockManagerId> where(List<ReduceTask.Outcome> outcomes) {
        return outcomes.stream().map(ReduceTask.Outcome::where).toList();
    }

    @Override
    public Optional<TrainingState.Vectors> reduce(StateHandle begin, List<UpdateHandle> updates, Reduction reduction) {
        long start = System.nanoTime();
        Resident begun = (Resident) begin;
        List<InBlocks> inBlocks = updates.stream().map(InBlocks.class::cast).toList();
        List<RawBlocks> floats = floats(updates);
        floats.forEach(blocks -> blocks.requireSlices(begun.blocks().layout().size()));
        ReduceTask task = reduction.groups().isEmpty()
                ? new ReduceTask(begun, floats, reduction, newSet(), false)
                : new ReduceTask(
                        begun, groupMeans(begun, floats, reduction), reduction.acrossGroups(), newSet(), false);
        List<ReduceTask.Outcome> outcomes = run(List.of(task)).get(0);
        next = task.set();
        costs = costs(inBlocks, task, outcomes, (System.nanoTime() - start) * 1e-9)
                .with(costs.handingOut(), costs.bytes());
        return outcomes.stream().allMatch(ReduceTask.Outcome::finite)
                ? Optional.of(new RemoteVectors(begun.blocks().next(task.set(), where(outcomes))))
                : Optional.empty();
    }

    /** Each group's mean is worked out where its updates are, so that one update a group crosses the network. */
    private List<RawBlocks> groupMeans(Resident begun, List<RawBlocks> floats, Reduction reduction) {
        List<ReduceTask> tasks = new ArrayList<>();
        for (int g = 0; g < reduction.groups().size(); g++) {
            List<RawBlocks> members =
                    reduction.groups().get(g).stream().map(floats::get).toList();
            tasks.add(new ReduceTask(
                    begun.withoutOuter(), members, reduction.withinGroups().get(g), newSet(), false));
        }
        List<List<ReduceTask.Outcome>> outcomes = run(tasks);
        return IntStream.range(0, tasks.size())
                .mapToObj(g -> begun.blocks()
                        .next(tasks.get(g).set(), where(outcomes.get(g)))
                        .state())
                .toList();
    }

    /** What one executor does of a reduction: every {@code parts}-th slice. */
    private record Part(int task, int number, int parts) implements Serializable {}

    /** Reduces where updates are; what came of each task. */
    private List<List<ReduceTask.Outcome>> run(List<ReduceTask> tasks) {
        List<Part> parts = new ArrayList<>();
        List<BlockManagerId> places = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            List<BlockManagerId> holders = tasks.get(i).holders();
            for (int number = 0; number < holders.size(); number++) {
                parts.add(new Part(i, number, holders.size()));
            }
            places.addAll(holders);
        }
        List<ReduceTask.Outcome> outcomes =
                collect(near(parts, places).map(part -> tasks.get(part.task).run(part.number, part.parts)));
        return IntStream.range(0, tasks.size())
                .mapToObj(task -> IntStream.range(0, parts.size())
                        .filter(i -> parts.get(i).task == task)
                        .mapToObj(outcomes::get)
                        .toList())
                .toList();
    }

    private List<ReduceTask.Outcome> collect(JavaRDD<ReduceTask.Outcome> reductions) {
        List<ReduceTask.Outcome> outcomes;
        try {
            outcomes = timeout.collect(reductions.setName("reduce slices"));
        } catch (StateLostException late) {
            timeout = timeout.doubled();
            throw late;
        }
        outcomes.stream()
                .map(ReduceTask.Outcome::lost)
                .filter(lost -> !lost.isEmpty())
                .findFirst()
                .ifPresent(lost -> {
                    throw new BlockLostException(lost);
                });
        return outcomes;
    }

    /** A partition for each part, which Spark is asked to compute in its place. */
    private JavaRDD<Part> near(List<Part> parts, List<BlockManagerId> places) {
        List<Tuple2<Part, Seq<String>>> located = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            String location = new ExecutorCacheTaskLocation(
                            places.get(i).host(), places.get(i).executorId())
                    .toString();
            located.add(new Tuple2<>(
                    parts.get(i),
                    JavaConverters.asScalaBuffer(List.of(location)).toSeq()));
        }
        ClassTag<Part> type = ClassTag.apply(Part.class);
        return new JavaRDD<>(
                spark.sc().makeRDD(JavaConverters.asScalaBuffer(located).toSeq(), type), type);
    }

    private static Costs costs(
            List<InBlocks> updates, ReduceTask task, List<ReduceTask.Outcome> outcomes, double seconds) {
        long elements = task.begun().blocks().layout().elements();
        long updated = updates.stream()
                .mapToLong(update -> update.floats().dtype().bytes(elements))
                .sum();
        return new Costs(
                0,
                updates.stream()
                        .map(InBlocks::costs)
                        .max(Comparator.comparingDouble(Costs.OfWorker::sum))
                        .orElse(Costs.OfWorker.NONE),
                seconds,
                outcomes.stream()
                        .mapToDouble(ReduceTask.Outcome::waited)
                        .average()
                        .orElse(0),
                updated + elements * Float.BYTES,
                0);
    }

    @Override
    public long newSet() {
        long set = RawBlocks.newSet();
        sets.add(set);
        return set;
    }

    @Override
    public Optional<TrainingState> copied(TrainingState state) {
        return state.vectors() instanceof RemoteVectors there ? there.copied().map(state::with) : Optional.empty();
    }

    @Override
    public boolean isInProcess() {
        return false;
    }

    /** Removes all sets but those that are needed to do this round, or the last one again. */
    private void release(Set<Long> alsoNeeded) {
        Predicate<Long> isNeeded =
                set -> set == before || set == current || pending.contains(set) || alsoNeeded.contains(set);
        sets.stream().filter(isNeeded.negate()).forEach(RawBlocks::release);
        sets.removeIf(isNeeded.negate());
    }

    @Override
    public void commit(Set<Long> stillPending) {
        if (next != current) {
            before = begun;
            current = next;
        }
        pending = stillPending;
        release(Set.of());
    }

    @Override
    public Costs costs() {
        return costs;
    }

    @Override
    public void close() {
        sets.forEach(RawBlocks::release);
        sets.clear();
    }
}
