package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.worker.LocalWork;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerMemory;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parameter averaging on Spark: the state goes out to every worker, each does its local steps, and the mean of what
 * they bring back, weighted by examples, is the next state. Ordinary stages, so a lost task is simply run again.
 */
public final class Averaging implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(Averaging.class);

    /** As often as Spark runs a task. */
    private static final int MOST_ATTEMPTS = 4;

    private final JavaSparkContext spark;
    private final boolean local;
    private final AveragingRecipe recipe;
    private final StatisticsLayout statistics;
    private final ToLongFunction<TrainingState> examplesPerRound;
    private final Crew crew;
    private Costs costs = Costs.NONE;

    /** @param examplesPerRound of one worker, after a state */
    public Averaging(
            JavaSparkContext spark,
            LocalWork work,
            int workers,
            AveragingRecipe recipe,
            StatisticsLayout statistics,
            ToLongFunction<TrainingState> examplesPerRound) {
        this(spark, work, workers, recipe, statistics, examplesPerRound, spark.isLocal());
    }

    /** @param local whether all workers are threads of this process, which take and bring arrays by reference */
    Averaging(
            JavaSparkContext spark,
            LocalWork work,
            int workers,
            AveragingRecipe recipe,
            StatisticsLayout statistics,
            ToLongFunction<TrainingState> examplesPerRound,
            boolean local) {
        this.spark = spark;
        this.local = local;
        this.recipe = recipe;
        this.statistics = statistics;
        this.examplesPerRound = examplesPerRound;
        this.crew = new Crew(spark, work, workers, recipe.workersRemember(), local);
    }

    @Override
    public Round round(TrainingState state) {
        long start = System.nanoTime();
        long set = RawBlocks.newSet();
        costs = Costs.NONE;
        spark.setJobDescription(String.format(
                "epoch %d, from image %,d",
                state.work().epoch() + 1, state.work().done() + 1));
        SharedState shared = SharedState.of(state, spark, set, local);
        double handingOut = (System.nanoTime() - start) * 1e-9;
        try (Presence presence = Presence.of(recipe, crew.deliveries(shared, set), state.work(), local)) {
            Set<Integer> missing = presence.missing();
            Means means = new Means(state, mean(presence, Slicing.of(state), set), recipe.updateDtype());
            TrainingState next = means.next(recipe, statistics, examplesPerRound.applyAsLong(state), missing);
            double seconds = (System.nanoTime() - start) * 1e-9;
            costs = costs.with(handingOut, shared.bytes());
            return means.round(next, seconds, missing);
        } catch (Exception failed) { // Spark throws what it does not declare
            if (Blocks.isLoss(failed)) {
                throw new MemoryLostException("An executor ended with what its worker remembered", failed);
            }
            throw failed;
        } finally {
            shared.close();
        }
    }

    /** What was lost on its way is asked for again; if it is lost once more, everybody does the round again. */
    private Mean mean(Presence presence, Slicing slicing, long set) {
        for (int attempt = 1; ; attempt++) {
            List<Delivery> deliveries = presence.take();
            try {
                return mean(deliveries, slicing, set);
            } catch (LostBlockException lost) {
                if (attempt == MOST_ATTEMPTS) {
                    throw lost;
                }
                LOG.warn(
                        "{}; the workers are asked again, attempt {} of {}",
                        lost.getMessage(),
                        attempt + 1,
                        MOST_ATTEMPTS);
                if (attempt > 1) {
                    crew.again();
                    presence.again();
                }
            }
        }
    }

    private Mean mean(List<Delivery> deliveries, Slicing slicing, long set) {
        if (local) {
            return slicing.mean(deliveries.stream()
                    .map(Delivery.Here.class::cast)
                    .map(Delivery.Here::contribution)
                    .toList());
        }
        long start = System.nanoTime();
        RemoteMean remote = new RemoteMean(
                slicing, deliveries.stream().map(Delivery.Elsewhere.class::cast).toList());
        RemoteMean.Gathered gathered = remote.of(spark, set);
        costs = remote.costs((System.nanoTime() - start) * 1e-9, gathered.waiting());
        return gathered.mean();
    }

    @Override
    public void commit() {
        crew.commit();
    }

    @Override
    public List<WorkerMemory> memories() {
        return crew.memories();
    }

    @Override
    public void restore(List<WorkerMemory> before) {
        crew.restore(before);
    }

    /** What the last round cost between processes. */
    public Costs costs() {
        return costs;
    }

    @Override
    public void close() {
        crew.close();
    }
}
