package io.resnetspark.input.augment;

/** AlexNet's lighting; {@link io.resnetspark.input.PcaLighting} is the arithmetic. */
public record PcaLighting(double std) implements BuiltInTransform {
    /** Of {@code pca-lighting}. */
    public static final class Provider implements TransformProvider {
        @Override
        public String kind() {
            return "pca-lighting";
        }

        @Override
        public String description() {
            return "Adds a random combination of the corpus' principal components of RGB to all pixels (AlexNet's).";
        }

        @Override
        public Transform create(TransformSettings settings) {
            return new PcaLighting(
                    settings.number("std", 0.1, 0, 10, "Standard deviation of the random factors; the paper has 0.1."));
        }
    }
}
