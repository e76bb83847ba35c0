package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.LearningRate;
import org.nd4j.linalg.schedule.ISchedule;

/** A recipe's learning rate for DL4J, which counts iterations: the k-th of training, not of a round. */
record RateSchedule(LearningRate rate, long iterationsPerEpoch) implements ISchedule {
    @Override
    public double valueAt(int iteration, int epoch) {
        return rate.at((double) iteration / iterationsPerEpoch);
    }

    @Override
    public ISchedule clone() {
        return this;
    }
}
