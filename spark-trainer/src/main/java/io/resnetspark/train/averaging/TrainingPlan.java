package io.resnetspark.train.averaging;

import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.EpochOrder;
import io.resnetspark.model.Census;
import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.ResidentMemory;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.ResidualGraph;
import io.resnetspark.model.layer.HeavyBall;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.recipe.Recipe;
import java.util.List;
import java.util.UUID;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * What a worker must know to do its part of any round, beside the state.
 *
 * @param id of this run, under which executors keep what they can use again
 * @param data where the dataset lies
 * @param threads of one worker
 */
public record TrainingPlan(
        String id,
        Recipe recipe,
        String data,
        List<Shard> shards,
        int classes,
        Preprocessing preprocessing,
        int threads)
        implements ExecutorNetworks.Blueprint {

    public static TrainingPlan of(
            Recipe recipe, String data, List<Shard> shards, int classes, Preprocessing preprocessing, int threads) {
        return new TrainingPlan(UUID.randomUUID().toString(), recipe, data, shards, classes, preprocessing, threads);
    }

    /**
     * Before a step that would end in the operating system's killing the process.
     *
     * @param networks that train on this machine
     * @throws BadInputException saying how much memory they need, and which batch would fit
     */
    @Override
    public void requireMemory(int networks) {
        try {
            Census census = recipe.architecture().census(input(), classes);
            MemoryEstimate.of(census, recipe.batch())
                    .requireRoom(recipe.network(), recipe.batch(), networks, ResidentMemory.available());
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(unfit.getMessage(), unfit);
        }
    }

    private Shape input() {
        return Shape.square(3, preprocessing.crop().side());
    }

    /** The graph, initialised from the recipe's seed. */
    @Override
    public ComputationGraph graph() {
        return ResidualGraph.of(recipe.architecture(), input(), classes)
                .updater(
                        new HeavyBall(recipe.momentum(), new RateSchedule(recipe.learningRate(), iterationsPerEpoch())))
                .weightDecay(recipe.weightDecay())
                .seed(recipe.seed())
                .build();
    }

    public EpochOrder order(int epoch) {
        return new EpochOrder(
                recipe.seed(), epoch, shards.stream().mapToInt(Shard::examples).toArray());
    }

    public long examples() {
        return shards.stream().mapToLong(Shard::examples).sum();
    }

    /** Examples of the worker that has most: they are equal to within one. */
    private long longestPart() {
        return ceilDiv(examples(), recipe.workers());
    }

    /** Steps of one worker. */
    public long iterationsPerEpoch() {
        return ceilDiv(longestPart(), recipe.batch());
    }

    public int roundsPerEpoch() {
        return (int) ceilDiv(longestPart(), examplesPerRound());
    }

    /** Of one worker. */
    long examplesPerRound() {
        return (long) recipe.batch() * recipe.stepsPerRound();
    }

    private static long ceilDiv(long a, long b) {
        return (a + b - 1) / b;
    }
}
