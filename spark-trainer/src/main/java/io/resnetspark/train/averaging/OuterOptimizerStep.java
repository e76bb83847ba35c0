package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.Reduction.Range;
import io.resnetspark.train.recipe.OuterOptimizer;

/** The outer optimiser: a step from the parameters that a round began with towards, or beyond, the average. */
final class OuterOptimizerStep {
    private OuterOptimizerStep() {}

    /**
     * Turns the average into the next parameters, in place.
     *
     * @param length elements of each range
     * @param velocity moved too; not changed by {@link OuterOptimizer.None}
     * @param learningRate of the round
     */
    static void step(
            OuterOptimizer optimizer, int length, Range before, Range average, Range velocity, double learningRate) {
        float[] x = before.array();
        float[] next = average.array();
        float[] v = velocity.array();
        for (int i = 0; i < length; i++) {
            int k = velocity.at() + i;
            float begun = x[before.at() + i];
            float change = begun - next[average.at() + i];
            v[k] = (float) optimizer.velocity(change, v[k], learningRate);
            next[average.at() + i] = (float) optimizer.parameter(begun, change, v[k], learningRate);
        }
    }
}
