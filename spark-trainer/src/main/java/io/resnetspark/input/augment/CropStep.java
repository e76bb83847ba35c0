package io.resnetspark.input.augment;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Crop;
import io.resnetspark.input.ImageStep;
import java.util.random.RandomGenerator;

/** A crop before a transform of somebody else: rounded to 8 bits. */
record CropStep(Crop crop) implements ImageStep {
    @Override
    public RgbImage apply(Image image, RandomGenerator random) throws BadImageException {
        CropRegion region = crop.region(image, random);
        return image.decode(region).toRgb(region);
    }
}
