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

/**
 * Parameter averaging on Spark: the state goes out to every worker, each does its local steps, and the mean of what
 * they bring back, weighted by examples, is the next state. Ordinary stages, so a lost task is simply run again.
 */
public final class Averaging implements Engine {
    private final JavaSparkContext spark;
    private final AveragingRecipe recipe;
    private final StatisticsLayout statistics;
    private final ToLongFunction<TrainingState> examplesPerRound;
    private final Crew crew;
    private double broadcastSeconds;
    private long fetchedBytes;

    /** @param examplesPerRound of one worker, after a state */
    public Averaging(
            JavaSparkContext spark,
            LocalWork work,
            int workers,
            AveragingRecipe recipe,
            StatisticsLayout statistics,
            ToLongFunction<TrainingState> examplesPerRound) {
        this.spark = spark;
        this.recipe = recipe;
        this.statistics = statistics;
        this.examplesPerRound = examplesPerRound;
        this.crew = new Crew(spark, work, workers, recipe.workersRemember());
    }

    @Override
    public Round round(TrainingState state) {
        long start = System.nanoTime();
        long fetched = Blocks.fetchedBytes();
        Slicing slicing = Slicing.of(state);
        spark.setJobDescription(String.format(
                "epoch %d, from image %,d",
                state.work().epoch() + 1, state.work().done() + 1));
        SharedState shared = SharedState.of(state, spark);
        broadcastSeconds = (System.nanoTime() - start) * 1e-9;
        try (Presence presence = Presence.of(recipe, crew.contributions(shared), state.work())) {
            Set<Integer> missing = presence.missing();
            Means means = new Means(state, slicing.mean(presence), recipe.contributions());
            TrainingState next = means.next(recipe, statistics, examplesPerRound.applyAsLong(state), missing);
            double seconds = (System.nanoTime() - start) * 1e-9;
            fetchedBytes = Blocks.fetchedBytes() - fetched;
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

    /** Bytes of the last round that the driver fetched from executors, beside results of tasks. */
    public long fetchedBytes() {
        return fetchedBytes;
    }

    /** Seconds for which the last round handed its state to Spark. */
    public double broadcastSeconds() {
        return broadcastSeconds;
    }

    @Override
    public void close() {
        crew.close();
    }
}
