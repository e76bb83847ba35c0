package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.OuterStep;

/** The outer optimiser: a step from the parameters that a round began with towards, or beyond, the average. */
final class OuterDescent {
    private OuterDescent() {}

    /**
     * Turns the average into the next parameters, in place.
     *
     * @param velocity moved too; as long as the parameters, unless the step is {@link OuterStep.None}
     * @param learningRate of the round
     */
    static void step(OuterStep step, float[] before, float[] average, float[] velocity, double learningRate) {
        if (step instanceof OuterStep.SlowMomentum slow) {
            for (int i = 0; i < before.length; i++) {
                velocity[i] = (float) (slow.momentum() * velocity[i] + (before[i] - average[i]) / learningRate);
                average[i] = (float) (before[i] - slow.rate() * learningRate * velocity[i]);
            }
        } else if (step instanceof OuterStep.Nesterov nesterov) {
            for (int i = 0; i < before.length; i++) {
                float change = before[i] - average[i];
                velocity[i] = (float) (nesterov.momentum() * velocity[i] + change);
                average[i] = (float) (before[i] - nesterov.rate() * (change + nesterov.momentum() * velocity[i]));
            }
        }
    }
}
