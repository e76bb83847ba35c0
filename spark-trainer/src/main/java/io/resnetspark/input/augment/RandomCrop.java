package io.resnetspark.input.augment;

/** A random square of an image, perhaps of one that is padded first. */
public record RandomCrop(int padding) implements BuiltInTransform {
    /** Of {@code random-crop}. */
    public static final class Provider implements TransformProvider {
        @Override
        public String kind() {
            return "random-crop";
        }

        @Override
        public String description() {
            return "Takes a random square of the crop's size. With padding (the paper's, for CIFAR-10) it is taken of a"
                    + " padded image of that size; other images are resized and center-cropped to it first.";
        }

        @Override
        public Transform create(TransformSettings settings) {
            return new RandomCrop(settings.integer(
                    "padding",
                    0,
                    0,
                    settings.imageSize(),
                    "Pixels on each side; they have the value of the mean, which is subtracted."));
        }
    }
}
