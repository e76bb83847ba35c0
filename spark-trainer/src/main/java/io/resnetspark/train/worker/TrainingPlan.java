package io.resnetspark.train.worker;

import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.input.EpochSampler;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.SamplerState;
import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.ModelSummary;
import io.resnetspark.model.ResidentMemory;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.model.layer.SgdMomentum;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.recipe.OptimizerRecipe;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.ValidationCoverage;
import java.util.List;
import java.util.UUID;
import org.nd4j.linalg.schedule.FixedSchedule;

/**
 * What a worker needs for its part of any round, apart from the state.
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
        implements ExecutorNetworks.NetworkFactory {

    /** @throws BadInputException if there is a worker without any image */
    public static TrainingPlan of(
            Recipe recipe, String data, List<Shard> shards, int classes, Preprocessing preprocessing, int threads) {
        long examples = shards.stream().mapToLong(Shard::examples).sum();
        if (examples < recipe.workers()) {
            throw new BadInputException(
                    data + " has " + examples + " images to train on, fewer than the recipe's " + recipe.workers()
                            + " workers. Prepare more.",
                    examples == 0
                            ? List.of()
                            : List.of(Remedy.of(Remedy.Kind.SET_KEY, "workers", String.valueOf(examples))));
        }
        return new TrainingPlan(UUID.randomUUID().toString(), recipe, data, shards, classes, preprocessing, threads);
    }

    /**
     * Before a step that would end in the operating system's killing the process, or without memory on a GPU.
     *
     * @param networks that train there
     * @throws BadInputException saying how much memory they need, and which batch would fit
     */
    @Override
    public void requireMemory(Placement placement, int networks) {
        try {
            if (placement.isOnGpu()) {
                DeviceMemoryEstimate.requireFits(placement.device(), work(), placement.precision(), networks);
                return;
            }
            ModelSummary summary = recipe.architecture().summary(input(), classes);
            MemoryEstimate.of(summary, recipe.batchSize())
                    .requireFits(recipe.network(), recipe.batchSize(), networks, ResidentMemory.available());
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(unfit.getMessage(), unfit);
        }
    }

    /** What a GPU is to have room for: the steps, and the evaluation at the end of an epoch. */
    public DeviceMemoryEstimate.Work work() {
        return new DeviceMemoryEstimate.Work(
                recipe.architecture(),
                input(),
                classes,
                recipe.batchSize(),
                recipe.accumulationSteps(),
                recipe.data().validationCoverage() == ValidationCoverage.NONE ? 0 : Minibatch.EVALUATION_CROPS);
    }

    @Override
    public ComputeOptions compute() {
        return recipe.compute();
    }

    private Shape input() {
        return Shape.square(3, preprocessing.crop().side());
    }

    /** The graph, initialised from the recipe's seed; its learning rate is told it before every step. */
    @Override
    public NetworkGraph graph() {
        OptimizerRecipe optimizer = recipe.optimizer();
        NetworkGraph graph = NetworkGraphBuilder.of(recipe.architecture(), input(), classes)
                .kernels(recipe.compute().layers())
                .updater(new SgdMomentum(optimizer.momentum(), optimizer.nesterov(), new FixedSchedule(0)))
                .weightDecay(optimizer.weightDecay())
                .decayWeightsOnly(!optimizer.decayNormAndBias())
                .frozen(recipe.initialModel().freeze())
                .seed(recipe.seed())
                .build();
        if (optimizer.clipGradNorm() > 0) {
            graph.clipGradientNorm(optimizer.clipGradNorm());
        }
        return graph;
    }

    public EpochSampler sampler(int epoch) {
        return new EpochSampler(
                recipe.seed(), epoch, shards.stream().mapToInt(Shard::examples).toArray());
    }

    public long examples() {
        return shards.stream().mapToLong(Shard::examples).sum();
    }

    /** All of an epoch, partitioned among the workers. */
    public SamplerState work(int epoch) {
        return SamplerState.begin(epoch, examples(), recipe.workers());
    }

    /** How far training has come when {@code step} steps of a round are done: epochs, with a fraction. */
    public double epochs(SamplerState work, int step) {
        double seen = work.done() + (double) step * recipe.stepBatchSize() * recipe.workers();
        return work.epoch() + Math.min(1, seen / work.examples());
    }

    /** The learning rate of a step of a round, counted from 0; the same for every worker. */
    public double learningRate(TrainingState state, int step) {
        return recipe.learningRate().at(epochs(state.work(), step), state.drops());
    }

    /** Of overlapped averages: {@link WorkerLocalState#damping}. */
    double damping(TrainingState state) {
        return WorkerLocalState.damping(
                recipe.optimizer().momentum(), examplesPerRound(state) / recipe.stepBatchSize());
    }

    /** Examples of one worker in the next round, as long as its part of the epoch lasts. */
    public long examplesPerRound(TrainingState state) {
        double epochs = epochs(state.work(), 0);
        double learningRate = recipe.learningRate().withoutWarmUp().at(epochs, state.drops());
        return (long) recipe.stepBatchSize() * recipe.averaging().period().steps(epochs, learningRate);
    }
}
