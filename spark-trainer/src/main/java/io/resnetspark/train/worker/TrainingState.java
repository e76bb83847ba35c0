package io.resnetspark.train.worker;

import io.resnetspark.input.SamplerState;

/**
 * All that a training run is, between two rounds, but for what {@linkplain WorkerLocalState workers keep}.
 *
 * @param work what is left of this epoch; the learning rate follows from it
 * @param iteration steps that each worker has done since the start
 * @param drops how often the learning rate was divided because the validation error did not fall any more
 * @param vectors the floats of it, wherever they are
 */
public record TrainingState(SamplerState work, long iteration, int drops, Vectors vectors) {
    /**
     * The floats of a state. They may lie on executors: then each of these fetches them, at the first time, and throws a
     * RuntimeException where they are lost. Valid until the round after the next.
     */
    public interface Vectors {
        /** In the graph's order, BN's running statistics among them. */
        float[] parameters();

        /** Momentum of the trainable parameters; empty where it is not averaged. */
        float[] velocity();

        /** Velocity of the outer optimiser, in the order of the parameters; empty where there is none. */
        float[] outer();
    }

    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    private record Arrays(float[] parameters, float[] velocity, float[] outer) implements Vectors {}

    /** Of floats that are here. */
    public static Vectors vectors(float[] parameters, float[] velocity, float... outer) {
        return new Arrays(parameters, velocity, outer);
    }

    /** Of floats that are here. */
    public TrainingState(
            SamplerState work, long iteration, int drops, float[] parameters, float[] velocity, float[] outer) {
        this(work, iteration, drops, new Arrays(parameters, velocity, outer));
    }

    /** Before the first step. */
    public static TrainingState begin(SamplerState work, float[] parameters, float[] velocity, float[] outer) {
        return new TrainingState(work, 0, 0, parameters, velocity, outer);
    }

    public TrainingState with(SamplerState otherWork) {
        return new TrainingState(otherWork, iteration, drops, vectors);
    }

    public TrainingState withDrops(int number) {
        return new TrainingState(work, iteration, number, vectors);
    }

    public TrainingState with(Vectors other) {
        return new TrainingState(work, iteration, drops, other);
    }

    public TrainingState withParameters(float... other) {
        return new TrainingState(work, iteration, drops, other, velocity(), outer());
    }

    /** As {@link Vectors#parameters}. */
    public float[] parameters() {
        return vectors.parameters();
    }

    /** As {@link Vectors#velocity}. */
    public float[] velocity() {
        return vectors.velocity();
    }

    /** As {@link Vectors#outer}. */
    public float[] outer() {
        return vectors.outer();
    }
}
