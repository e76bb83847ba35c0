package io.resnetspark.data.augment;

import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Crop;
import io.resnetspark.data.image.CropRegion;
import io.resnetspark.data.image.Image;
import io.resnetspark.data.image.ImageStep;
import io.resnetspark.data.image.RgbImage;
import java.util.random.RandomGenerator;

/** A crop before a transform of somebody else: rounded to 8 bits. */
record CropStep(Crop crop) implements ImageStep {
    @Override
    public RgbImage apply(Image image, RandomGenerator random) throws BadImageException {
        CropRegion region = crop.region(image, random);
        return image.decode(region).toRgb(region);
    }
}
