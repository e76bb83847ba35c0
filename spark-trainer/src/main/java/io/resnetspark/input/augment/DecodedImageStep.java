package io.resnetspark.input.augment;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.ImageStep;
import java.util.Objects;
import java.util.random.RandomGenerator;

/** Runs somebody else's transform on the whole image. */
record DecodedImageStep(ImageTransform transform) implements ImageStep {
    @Override
    public RgbImage apply(Image image, RandomGenerator random) throws BadImageException {
        return Objects.requireNonNull(
                transform.apply(whole(image), random),
                () -> transform.getClass().getName() + " returned no image");
    }

    static RgbImage whole(Image image) throws BadImageException {
        if (image instanceof RgbImage decoded) {
            return decoded;
        }
        CropRegion whole = CropRegion.whole(image);
        return image.decode(whole).toRgb(whole);
    }
}
