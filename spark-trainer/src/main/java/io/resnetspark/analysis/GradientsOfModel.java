package io.resnetspark.analysis;

import io.resnetspark.model.analysis.GradientNorms;
import io.resnetspark.model.analysis.PathGradients;
import java.util.List;

/**
 * Gradients of a model.
 *
 * @param model as it was named
 * @param network its name in the catalogue
 * @param weights by the weights of each layer, in order
 * @param outputs by the output of each block, in order; of each convolution, in networks without blocks
 * @param blocks residual blocks
 * @param pathImages images that paths were measured on: the sample's first batch
 * @param paths by length; empty in networks without shortcuts, which have one path
 */
public record GradientsOfModel(
        String model,
        String network,
        List<GradientNorms.ByWeights> weights,
        List<GradientNorms.ByOutput> outputs,
        int blocks,
        int pathImages,
        List<PathGradients.OfLength> paths) {}
