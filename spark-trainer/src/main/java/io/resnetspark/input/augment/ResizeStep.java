package io.resnetspark.input.augment;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Crop;
import io.resnetspark.input.ImageStep;
import java.util.random.RandomGenerator;

/**
 * Resizes the whole image, and flips it with some probability.
 *
 * @param from the smallest shorter side; 0 for no resizing
 */
record ResizeStep(int from, int to, double flip) implements ImageStep {
    @Override
    public RgbImage apply(Image image, RandomGenerator random) throws BadImageException {
        CropRegion region =
                from == 0 ? CropRegion.whole(image) : CropRegion.resized(image, random.nextInt(from, to + 1));
        RgbImage resized = image.decode(region).toRgb(region);
        return flip > 0 && Crop.RandomFlip.happens(flip, random) ? resized.flipped() : resized;
    }
}
