package io.resnetspark.train.evaluate;

/**
 * How good a model is on a split.
 *
 * @param protocol how images are cropped, such as one-crop
 * @param split of the dataset
 * @param count evaluated images
 * @param correct images whose most probable class is the right one
 * @param top1Error share of the others, 0 to 1
 * @param top5Error share of images whose class is not among the five most probable, 0 to 1
 * @param crossEntropy mean over the images, in nats
 * @param imagesPerSecond speed of the evaluation
 */
public record EvaluationResult(
        String protocol,
        String split,
        long count,
        long correct,
        double top1Error,
        double top5Error,
        double crossEntropy,
        double imagesPerSecond) {}
