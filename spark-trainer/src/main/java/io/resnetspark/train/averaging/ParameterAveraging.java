package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parameter averaging on Spark: every worker fetches the state and does its local steps, and the mean of what they come
 * to, weighted by examples, is the next state. Ordinary stages, so a lost task is simply run again.
 */
public final class ParameterAveraging implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(ParameterAveraging.class);

    /** As often as Spark runs a task. */
    private static final int MOST_ATTEMPTS = 4;

    private final JavaSparkContext spark;
    private final AveragingRecipe recipe;
    private final ToLongFunction<TrainingState> examplesPerRound;
    private final WorkerGroup workers;
    private final Exchange exchange;
    /** What the round under way, or the last one, began with, and the round before that. */
    private Optional<TrainingState> begun = Optional.empty();

    private Optional<TrainingState> before = Optional.empty();
    /** The last round's updates, where they are averaged while the next round is under way; and this round's. */
    private Optional<Pending> pending = Optional.empty();

    private Optional<Pending> next = Optional.empty();
    /** Whether the workers' local states, from a checkpoint, have updates that are still to be averaged. */
    private boolean resumes;

    /** @param examplesPerRound of one worker, after a state */
    public ParameterAveraging(
            JavaSparkContext spark,
            LocalWork work,
            int workers,
            AveragingRecipe recipe,
            StatisticsLayout statistics,
            ToLongFunction<TrainingState> examplesPerRound) {
        this(
                spark,
                work,
                workers,
                recipe,
                Exchange.of(spark, statistics, spark.isLocal(), ExchangeTimeout.of(recipe)),
                examplesPerRound);
    }

    /** Of another exchange than the usual one. */
    ParameterAveraging(
            JavaSparkContext spark,
            LocalWork work,
            int workers,
            AveragingRecipe recipe,
            Exchange exchange,
            ToLongFunction<TrainingState> examplesPerRound) {
        this.spark = spark;
        this.recipe = recipe;
        this.exchange = exchange;
        this.examplesPerRound = examplesPerRound;
        this.workers = new WorkerGroup(spark, work, workers, recipe.workersKeepLocalState(), recipe.groupSize());
    }

    /** What Spark should be told for a recipe, unless somebody told it otherwise, before it starts. */
    public static Map<String, String> sparkSettings(AveragingRecipe recipe) {
        return ExchangeTimeout.of(recipe).sparkSettings();
    }

    @Override
    public Round round(TrainingState state) {
        TrainingState found = state;
        Round round;
        try {
            round = attempt(found);
        } catch (StateLostException lost) {
            found = recovered(state, before, lost);
            round = attempt(found);
        }
        begun = Optional.of(found);
        return round;
    }

    @Override
    public TrainingState fetched(TrainingState state) {
        try {
            state.parameters();
            return state;
        } catch (StateLostException lost) {
            TrainingState found = recovered(state, begun, lost);
            found.parameters();
            return found;
        }
    }

    /**
     * A state of which a slice and its replica are lost, or which was lost before it had replicas: from the driver, if it
     * has fetched it for a checkpoint or an evaluation; otherwise by the round that led to it, done again.
     *
     * @param from what that round began with
     */
    private TrainingState recovered(TrainingState state, Optional<TrainingState> from, StateLostException lost) {
        if (!lost.isOfSharedState()) {
            throw lost;
        }
        Optional<TrainingState> copy = exchange.copied(state);
        if (copy.isPresent()) {
            LOG.warn("{}; the driver sends its copy", lost.getMessage());
            return copy.get();
        }
        // Workers' local states are those after the last round; and a deadline may make another round of it.
        if (from.isEmpty() || recipe.workersKeepLocalState() || recipe.deadlineSeconds() > 0) {
            throw lost;
        }
        LOG.warn("{}; the round that led to it is done again", lost.getMessage());
        return state.with(attempt(from.get()).state().vectors());
    }

    private Round attempt(TrainingState state) {
        long start = System.nanoTime();
        spark.setJobDescription(String.format(
                "epoch %d, from image %,d",
                state.work().epoch() + 1, state.work().done() + 1));
        StateHandle begun = exchange.begin(state);
        Optional<Pending> late = resumes ? resent(begun) : pending;
        OverlappedReduction overlapped = late.map(updates -> exchange.overlap(begun, updates))
                .orElseGet(() -> OverlappedReduction.completed(Optional.of(exchange.vectors(begun, state))));
        long set = exchange.newSet();
        JavaRDD<UpdateHandle> updates = workers.updates(begun, set, late.isPresent(), overlapped.workerTasks());
        try (StragglerPolicy stragglers = StragglerPolicy.of(recipe, updates, state.work(), exchange)) {
            Set<Integer> missing = stragglers.missing();
            Reduced reduced = recipe.overlap()
                    ? overlapped(stragglers.take(), overlapped, state, set)
                    : reduce(stragglers, begun, state);
            TrainingState next =
                    reduced.reports.next(state, reduced.vectors, examplesPerRound.applyAsLong(state), missing);
            return reduced.reports.round(next, (System.nanoTime() - start) * 1e-9, missing);
        } catch (Exception failed) { // Spark throws what it does not declare
            throw StateLostException.orElse(failed);
        }
    }

    private Optional<Pending> resent(StateHandle begun) {
        long set = exchange.newSet();
        RoundReports reports = new RoundReports(workers.resent(begun, set));
        return Optional.of(new Pending(reports.busy(), reports.reduction(recipe), set));
    }

    /** The last round's average; an epoch's last round is averaged at once. */
    private Reduced overlapped(
            List<UpdateHandle> updates, OverlappedReduction overlapped, TrainingState state, long set) {
        RoundReports reports = new RoundReports(updates);
        TrainingState.Vectors averaged = overlapped
                .result(updates)
                .filter(any -> Double.isFinite(reports.loss()))
                .orElseThrow(() -> new DivergedException(state, reports.loss()));
        long examples = examplesPerRound.applyAsLong(state);
        TrainingState reached = reports.next(state, averaged, examples, Set.of());
        if (reached.work().remaining() > 0) {
            next = Optional.of(new Pending(reports.busy(), reports.reduction(recipe), set));
            return new Reduced(reports, averaged);
        }
        next = Optional.empty();
        try {
            return reduce(updates, exchange.handle(reached), state);
        } catch (BlockLostException lost) { // with what its worker had kept for itself
            throw StateLostException.of(lost);
        }
    }

    private record Reduced(RoundReports reports, TrainingState.Vectors vectors) {}

    /** Updates that were lost are asked for again; if one is lost once more, everybody does the round again. */
    private Reduced reduce(StragglerPolicy stragglers, StateHandle begun, TrainingState state) {
        for (int attempt = 1; ; attempt++) {
            List<UpdateHandle> updates = stragglers.take();
            try {
                return reduce(updates, begun, state);
            } catch (BlockLostException lost) {
                if (attempt == MOST_ATTEMPTS) {
                    throw lost;
                }
                LOG.warn(
                        "{}; the workers are asked again, attempt {} of {}",
                        lost.getMessage(),
                        attempt + 1,
                        MOST_ATTEMPTS);
                if (attempt > 1) {
                    workers.again();
                    stragglers.again();
                }
            }
        }
    }

    /** @throws DivergedException if a value is not finite */
    private Reduced reduce(List<UpdateHandle> updates, StateHandle begun, TrainingState state) {
        RoundReports reports = new RoundReports(updates);
        TrainingState.Vectors next = exchange.reduce(begun, reports.busy(), reports.reduction(recipe))
                .filter(any -> Double.isFinite(reports.loss()))
                .orElseThrow(() -> new DivergedException(state, reports.loss()));
        if (recipe.deadlineSeconds() > 0) {
            // An executor that stands still answers nobody who wants its slices; the next round must not wait for it.
            next.parameters();
        }
        return new Reduced(reports, next);
    }

    @Override
    public void commit() {
        workers.commit();
        pending = next;
        resumes = false;
        exchange.commit(pending.map(Pending::set).map(Set::of).orElse(Set.of()));
        before = begun;
    }

    @Override
    public List<WorkerLocalState> localStates() {
        return workers.localStates(resumes || pending.isPresent());
    }

    @Override
    public void restore(List<WorkerLocalState> localStates) {
        workers.restore(localStates);
        pending = Optional.empty();
        next = Optional.empty();
        resumes = localStates.stream().anyMatch(WorkerLocalState::hasSent);
        begun = Optional.empty();
        before = Optional.empty();
    }

    /** What the last round cost between processes. */
    public Costs costs() {
        return exchange.costs();
    }

    @Override
    public void close() {
        workers.close();
        exchange.close();
    }
}
