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
 * @param begun with what it began the round of that update
 */
public record WorkerLocalState(FloatBlock velocity, FloatBlock residual, WorkerUpdate sent, Begun begun)
        implements Serializable {
    /** Of the largest damping that is stable; on quadratics the deviation's noise is least about here (docs/scaling.md). */
    private static final double SHARE_OF_STABLE = 0.6;

    /** Parameters and velocity; both empty where all workers began with the state. */
    public record Begun(FloatBlock parameters, FloatBlock velocity) implements Serializable {
        public static final Begun WITH_THE_STATE = new Begun(FloatBlock.of(), FloatBlock.of());
    }

    /** Without an update that is still to be averaged. */
    public WorkerLocalState(FloatBlock velocity, FloatBlock residual) {
        this(velocity, residual, WorkerUpdate.nothing(0), Begun.WITH_THE_STATE);
    }

    public static WorkerLocalState nothing() {
        return new WorkerLocalState(FloatBlock.of(), FloatBlock.of());
    }

    /** Whether there is an update that is still to be averaged. */
    public boolean hasSent() {
        return sent.report().examples() > 0;
    }

    /** What the next local state says of the round that began here. */
    Begun begun(TrainingState start) {
        return hasSent()
                ? new Begun(FloatBlock.of(start.parameters()), FloatBlock.of(start.velocity()))
                : Begun.WITH_THE_STATE;
    }

    /** When the last update has been averaged. */
    public WorkerLocalState withoutSent() {
        return new WorkerLocalState(velocity, residual);
    }

    /**
     * The share of a worker's distance from the mean that a round takes off. Momentum m makes the distance swing: after H
     * steps it may come back with the opposite sign and m^(H/2) of its size, so that more than 1 - m^(H/2) would make it
     * grow.
     */
    static double damping(double momentum, long steps) {
        return SHARE_OF_STABLE * (1 - Math.pow(momentum, steps / 2.0));
    }

    /**
     * From where this worker begins: from where it came to, less a part of the distance that it had from the mean when it
     * began the round before. The state is that mean, known a round late. With all of the distance this is CoCoD-SGD (Shen
     * et al. 2019, "Faster Distributed Deep Net Training: Computation and Communication Decoupled Stochastic Gradient
     * Descent"), which momentum makes unstable: docs/scaling.md. Running statistics are its own.
     *
     * @param damping the part, above 0 and at most 1
     */
    public TrainingState start(TrainingState state, StatisticsLayout statistics, double damping) {
        if (!hasSent()) {
            return state;
        }
        float[] parameters = start(state.parameters(), begun.parameters, sent.parameters(), damping);
        statistics.assign(parameters, sent.statistics().array());
        return state.with(TrainingState.vectors(
                parameters, start(state.velocity(), begun.velocity, sent.velocity(), damping), state.outer()));
    }

    private static float[] start(float[] mean, FloatBlock begun, FloatBlock change, double damping) {
        float share = (float) damping;
        float[] start = ArrayPool.take(mean.length);
        float[] changes = change.array();
        float[] own = begun.length() > 0 ? begun.array() : mean;
        Chunks.inParallel(start.length, (from, to) -> {
            for (int i = from; i < to; i++) {
                start[i] = own[i] + changes[i] - share * (own[i] - mean[i]);
            }
        });
        return start;
    }

    /** For another number of workers: each has the mean of what all had, so that their average stays what it was. */
    public static List<WorkerLocalState> repartitioned(List<WorkerLocalState> states, int workers) {
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
        Begun begun = new Begun(
                mean(busy, state -> state.begun.parameters, examples),
                mean(busy, state -> state.begun.velocity, examples));
        return IntStream.range(0, workers)
                .mapToObj(worker -> new WorkerLocalState(
                        velocity,
                        residual,
                        new WorkerUpdate(WorkerReport.of(worker, 1), parameters, velocityChange, statistics),
                        begun))
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
