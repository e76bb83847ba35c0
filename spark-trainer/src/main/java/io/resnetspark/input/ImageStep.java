package io.resnetspark.input;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import java.io.Serializable;
import java.util.random.RandomGenerator;

/** A step on an image before its last crop. Most augmentations have none: their transforms are part of the crop. */
@FunctionalInterface
public interface ImageStep extends Serializable {
    /**
     * @param random of this step for this image in this epoch
     * @throws BadImageException if the image cannot be decoded
     */
    RgbImage apply(Image image, RandomGenerator random) throws BadImageException;
}
