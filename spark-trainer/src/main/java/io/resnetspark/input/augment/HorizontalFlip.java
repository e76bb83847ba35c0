package io.resnetspark.input.augment;

/** Flips some images horizontally. */
public record HorizontalFlip(double probability) implements BuiltInTransform {
    /** Of {@code horizontal-flip}. */
    public static final class Provider implements TransformProvider {
        @Override
        public String kind() {
            return "horizontal-flip";
        }

        @Override
        public String description() {
            return "Flips some images horizontally.";
        }

        @Override
        public Transform create(TransformSettings settings) {
            return new HorizontalFlip(settings.number("p", 0.5, 0, 1, "Probability of a flip."));
        }
    }
}
