package io.resnetspark.train.worker;

import io.resnetspark.data.shard.EpochWork;
import java.io.Serializable;

/**
 * All that a training run is, between two rounds, but for what {@linkplain WorkerMemory workers keep}.
 *
 * @param work what is left of this epoch; the learning rate follows from it
 * @param iteration steps that each worker has done since the start
 * @param drops how often the learning rate was divided because the validation error did not fall any more
 * @param parameters in the graph's order, BN's running statistics among them
 * @param velocity momentum of the trainable parameters; empty where it is not averaged
 * @param outer velocity of the outer optimiser, in the order of the parameters; empty where there is none
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record TrainingState(
        EpochWork work, long iteration, int drops, float[] parameters, float[] velocity, float[] outer)
        implements Serializable {

    /** Before the first step. */
    public static TrainingState begin(EpochWork work, float[] parameters, float[] velocity, float[] outer) {
        return new TrainingState(work, 0, 0, parameters, velocity, outer);
    }

    public TrainingState with(EpochWork otherWork) {
        return new TrainingState(otherWork, iteration, drops, parameters, velocity, outer);
    }

    public TrainingState withDrops(int number) {
        return new TrainingState(work, iteration, number, parameters, velocity, outer);
    }

    public TrainingState withParameters(float... other) {
        return new TrainingState(work, iteration, drops, other, velocity, outer);
    }

    /** Java would write the arrays float by float. Workers have no use for the outer velocity. */
    private Object writeReplace() {
        return new Wire(work, iteration, drops, FloatBlock.of(parameters), FloatBlock.of(velocity));
    }

    private record Wire(EpochWork work, long iteration, int drops, FloatBlock parameters, FloatBlock velocity)
            implements Serializable {
        private Object readResolve() {
            return new TrainingState(work, iteration, drops, parameters.array(), velocity.array(), new float[0]);
        }
    }
}
