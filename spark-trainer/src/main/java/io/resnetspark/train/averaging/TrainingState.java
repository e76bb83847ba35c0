package io.resnetspark.train.averaging;

import java.io.Serializable;

/**
 * All that a training run is, between two rounds.
 *
 * @param round rounds done in this epoch
 * @param iteration steps that each worker has done since the start; the learning rate follows from it
 * @param parameters in the graph's order, BN's running statistics among them
 * @param velocity momentum of the trainable parameters
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record TrainingState(int epoch, int round, long iteration, float[] parameters, float[] velocity)
        implements Serializable {}
