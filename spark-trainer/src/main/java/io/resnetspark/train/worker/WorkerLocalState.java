package io.resnetspark.train.worker;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * What a worker keeps for itself from one round to the next, where the recipe says so; it stays on its executor.
 *
 * @param velocity momentum that is not averaged; empty otherwise
 * @param residual what rounding took from its last update; empty at first, and where nothing is rounded
 * @param sent its last update, where it is averaged a round late; of no examples otherwise
 */
public record WorkerLocalState(FloatBlock velocity, FloatBlock residual, Contribution sent) implements Serializable {
    /** Without an update that is still to be averaged. */
    public WorkerLocalState(FloatBlock velocity, FloatBlock residual) {
        this(velocity, residual, Contribution.nothing(0));
    }

    public static WorkerLocalState nothing() {
        return new WorkerLocalState(FloatBlock.of(), FloatBlock.of());
    }

    /** Whether there is an update that is still to be averaged. */
    public boolean hasSent() {
        return sent.report().examples() > 0;
    }

    /** When the last update has been averaged. */
    public WorkerLocalState withoutSent() {
        return new WorkerLocalState(velocity, residual);
    }

    /**
     * From where this worker begins: the state, which is the average of a round ago, and its own last change, which is not
     * in it yet (CoCoD-SGD: Shen et al. 2019, "Faster Distributed Deep Net Training: Computation and Communication
     * Decoupled Stochastic Gradient OptimizerRecipe"). Running statistics are its own.
     */
    public TrainingState start(TrainingState state, StatisticsLayout statistics) {
        if (!hasSent()) {
            return state;
        }
        float[] parameters = sum(state.parameters(), sent.parameters());
        statistics.assign(parameters, sent.statistics().array());
        return state.with(TrainingState.vectors(parameters, sum(state.velocity(), sent.velocity()), state.outer()));
    }

    private static float[] sum(float[] values, FloatBlock change) {
        float[] sum = SpareArrays.take(values.length);
        float[] changes = change.array();
        for (int i = 0; i < sum.length; i++) {
            sum[i] = values[i] + changes[i];
        }
        return sum;
    }

    /** For another number of workers: each has the mean of what all had, so that their average stays what it was. */
    public static List<WorkerLocalState> dealt(List<WorkerLocalState> states, int workers) {
        if (states.isEmpty()) {
            return states;
        }
        FloatBlock velocity = mean(states, WorkerLocalState::velocity, any -> 1);
        FloatBlock residual = mean(states, WorkerLocalState::residual, any -> 1);
        List<WorkerLocalState> busy = states.stream()
                .filter(state -> state.sent.report().examples() > 0)
                .toList();
        if (busy.isEmpty()) {
            return Collections.nCopies(workers, new WorkerLocalState(velocity, residual));
        }
        ToLongFunction<WorkerLocalState> examples = state -> state.sent.report().examples();
        FloatBlock parameters = mean(busy, state -> state.sent.parameters(), examples);
        FloatBlock velocityChange = mean(busy, state -> state.sent.velocity(), examples);
        FloatBlock statistics = mean(busy, state -> state.sent.statistics(), examples);
        return IntStream.range(0, workers)
                .mapToObj(worker -> new WorkerLocalState(
                        velocity,
                        residual,
                        new Contribution(WorkerReport.of(worker, 1), parameters, velocityChange, statistics)))
                .toList();
    }

    private static FloatBlock mean(
            List<WorkerLocalState> states,
            Function<WorkerLocalState, FloatBlock> block,
            ToLongFunction<WorkerLocalState> weight) {
        double total = states.stream().mapToLong(weight).sum();
        double[] sum = new double[block.apply(states.get(0)).length()];
        for (WorkerLocalState state : states) {
            block.apply(state).addTo(sum, 0, sum.length, weight.applyAsLong(state) / total);
        }
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) sum[i];
        }
        return FloatBlock.of(mean);
    }
}
