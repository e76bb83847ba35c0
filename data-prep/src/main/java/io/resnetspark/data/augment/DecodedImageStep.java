package io.resnetspark.data.augment;

import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.CropRegion;
import io.resnetspark.data.image.Image;
import io.resnetspark.data.image.ImageStep;
import io.resnetspark.data.image.RgbImage;
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
