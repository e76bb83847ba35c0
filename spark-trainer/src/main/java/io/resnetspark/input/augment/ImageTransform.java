package io.resnetspark.input.augment;

import io.resnetspark.image.RgbImage;
import java.util.random.RandomGenerator;

/**
 * A transform of a decoded image: a pure function of the image and the random numbers. It is sent to executors, so its
 * class must be on their class path too.
 */
public non-sealed interface ImageTransform extends Transform {
    /**
     * @param image 8-bit RGB, not to be changed
     * @param random the only source of randomness; it depends on the recipe's seed, the epoch and the image alone
     * @return an image of any size
     */
    RgbImage apply(RgbImage image, RandomGenerator random);
}
