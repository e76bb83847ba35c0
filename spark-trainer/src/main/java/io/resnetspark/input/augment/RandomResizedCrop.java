package io.resnetspark.input.augment;

import io.resnetspark.input.Crop;

/** Torchvision's RandomResizedCrop; {@link Crop.RandomResizedCrop} is the arithmetic. */
public record RandomResizedCrop(double minScale, double maxScale, double minRatio, double maxRatio)
        implements BuiltInTransform {
    Crop crop(int side) {
        return new Crop.RandomResizedCrop(minScale, maxScale, minRatio, maxRatio, side);
    }

    /** Of {@code random-resized-crop}. */
    public static final class Provider implements TransformProvider {
        @Override
        public String kind() {
            return "random-resized-crop";
        }

        @Override
        public String description() {
            return "Takes a part of random area and aspect ratio and resizes it to the crop (Inception's, torchvision's).";
        }

        @Override
        public Transform create(TransformSettings settings) {
            TransformSettings.Range scale = settings.range(
                    "scale",
                    new TransformSettings.Range(0.08, 1),
                    1e-3,
                    1,
                    "Area of the part, as a share of the image's.");
            TransformSettings.Range ratio = settings.range(
                    "ratio",
                    new TransformSettings.Range(0.75, 1.3333333),
                    0.01,
                    100,
                    "Width of the part, as a multiple of its height.");
            return new RandomResizedCrop(scale.from(), scale.to(), ratio.from(), ratio.to());
        }
    }
}
