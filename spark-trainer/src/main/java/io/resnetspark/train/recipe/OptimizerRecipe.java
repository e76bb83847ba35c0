package io.resnetspark.train.recipe;

import java.io.Serializable;

/**
 * The optimizer (SGD) and the loss.
 *
 * @param nesterov whether momentum is Nesterov's, and not the heavy ball
 * @param decayNormAndBias whether weight decay acts on batch normalisation and biases too, as in the paper
 * @param labelSmoothing the part of the target that is spread over all classes, 0 to 1
 * @param clipGradNorm the norm that a gradient is clipped to; 0: no clipping
 */
public record OptimizerRecipe(
        double momentum,
        boolean nesterov,
        double weightDecay,
        boolean decayNormAndBias,
        double labelSmoothing,
        double clipGradNorm)
        implements Serializable {

    static OptimizerRecipe read(Section root) {
        return new OptimizerRecipe(
                root.number("momentum", 0, 0.999999),
                root.flag("nesterov"),
                root.number("weight-decay", 0, 1),
                root.flag("weight-decay-norm-and-bias"),
                root.number("label-smoothing", 0, 0.999),
                root.number("clip-grad-norm", 0, 1e9));
    }
}
