package io.resnetspark.input.augment;

import io.resnetspark.input.Crop;
import io.resnetspark.input.ImageStep;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A list of transforms, put together. Neighbours of ours become one crop, which is taken straight from the decoded
 * samples; the last of these stays open, with lighting and padding, for floats or a GPU. A transform of somebody else
 * gets the image that the ones before it made.
 *
 * @param steps before the last crop
 * @param lightingStd standard deviation of PCA lighting's random factors; 0 for none
 */
public record Augmentation(List<ImageStep> steps, Crop crop, double lightingStd) implements Serializable {
    /**
     * Puts transforms together.
     *
     * @param transforms in the order of the recipe
     * @param side height and width of the network's input, in pixels
     * @throws IllegalArgumentException saying which order or combination is impossible
     */
    public static Augmentation of(List<Transform> transforms, int side) {
        List<ImageStep> steps = new ArrayList<>();
        FusedTransforms run = new FusedTransforms(side);
        for (Transform transform : transforms) {
            if (transform instanceof BuiltInTransform ours) {
                run.add(ours);
            } else if (transform instanceof ImageTransform theirs) {
                run.step().ifPresent(steps::add);
                steps.add(new DecodedImageStep(theirs));
                run = new FusedTransforms(side);
            }
        }
        return new Augmentation(List.copyOf(steps), run.crop(), run.lightingStd());
    }

    /**
     * What training does to the images of a corpus.
     *
     * @param covariance of red, green and blue over the corpus' pixels, in levels of 0 to 255
     */
    public Preprocessing on(double[][] covariance, Normalization normalization) {
        return new Preprocessing(
                steps, crop, new io.resnetspark.input.PcaLighting(lightingStd, covariance), normalization);
    }
}
