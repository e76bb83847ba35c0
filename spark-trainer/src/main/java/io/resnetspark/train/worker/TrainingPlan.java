package io.resnetspark.train.worker;

import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.EpochOrder;
import io.resnetspark.data.shard.EpochWork;
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
import io.resnetspark.train.recipe.Descent;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.Validation;
import java.util.List;
import java.util.UUID;
import org.nd4j.linalg.schedule.FixedSchedule;

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

    /** @throws BadInputException if there is a worker without any picture */
    public static TrainingPlan of(
            Recipe recipe, String data, List<Shard> shards, int classes, Preprocessing preprocessing, int threads) {
        long examples = shards.stream().mapToLong(Shard::examples).sum();
        if (examples < recipe.workers()) {
            throw new BadInputException(
                    data + " has " + examples + " pictures to train on, fewer than the recipe's " + recipe.workers()
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
            ModelSummary census = recipe.architecture().summary(input(), classes);
            MemoryEstimate.of(census, recipe.batch())
                    .requireFits(recipe.network(), recipe.batch(), networks, ResidentMemory.available());
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
                recipe.batch(),
                recipe.minibatches(),
                recipe.data().validation() == Validation.NONE ? 0 : Minibatch.VIEWS);
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
        Descent descent = recipe.descent();
        NetworkGraph graph = NetworkGraphBuilder.of(recipe.architecture(), input(), classes)
                .kernels(recipe.compute().layers())
                .updater(new SgdMomentum(descent.momentum(), descent.nesterov(), new FixedSchedule(0)))
                .weightDecay(descent.weightDecay())
                .decayWeightsOnly(!descent.decayEverything())
                .frozen(recipe.initialModel().freeze())
                .seed(recipe.seed())
                .build();
        if (descent.largestGradientNorm() > 0) {
            graph.clipGradientNorm(descent.largestGradientNorm());
        }
        return graph;
    }

    public EpochOrder order(int epoch) {
        return new EpochOrder(
                recipe.seed(), epoch, shards.stream().mapToInt(Shard::examples).toArray());
    }

    public long examples() {
        return shards.stream().mapToLong(Shard::examples).sum();
    }

    /** All of an epoch, dealt to the workers. */
    public EpochWork work(int epoch) {
        return EpochWork.begin(epoch, examples(), recipe.workers());
    }

    /** How far training has come when {@code step} steps of a round are done: epochs, with a fraction. */
    public double epochs(EpochWork work, int step) {
        double seen = work.done() + (double) step * recipe.stepBatch() * recipe.workers();
        return work.epoch() + Math.min(1, seen / work.examples());
    }

    /** The learning rate of a step of a round, counted from 0; the same for every worker. */
    public double rate(TrainingState state, int step) {
        return recipe.learningRate().at(epochs(state.work(), step), state.drops());
    }

    /** Examples of one worker in the next round, as long as its part of the epoch lasts. */
    public long examplesPerRound(TrainingState state) {
        double epochs = epochs(state.work(), 0);
        double rate = recipe.learningRate().withoutWarmUp().at(epochs, state.drops());
        return (long) recipe.stepBatch() * recipe.averaging().period().steps(epochs, rate);
    }
}
