package io.resnetspark.input.augment;

/** The square at the center of an image. */
public record CenterCrop() implements BuiltInTransform {
    /** Of {@code center-crop}. */
    public static final class Provider implements TransformProvider {
        @Override
        public String kind() {
            return "center-crop";
        }

        @Override
        public String description() {
            return "Takes the square of the crop's size at the center.";
        }

        @Override
        public Transform create(TransformSettings settings) {
            return new CenterCrop();
        }
    }
}
