package io.resnetspark.input.augment;

/**
 * Resizes the shorter side to a random whole number of pixels in [from, to]: the paper's scale jitter (section 3.4).
 */
public record Resize(int from, int to) implements BuiltInTransform {
    /** Of {@code resize}. */
    public static final class Provider implements TransformProvider {
        private static final int MAX = 4096;

        @Override
        public String kind() {
            return "resize";
        }

        @Override
        public String description() {
            return "Resizes the shorter side, keeping the aspect ratio. A crop follows.";
        }

        @Override
        public Transform create(TransformSettings settings) {
            TransformSettings.Range side = settings.integerRange(
                    "shorter-side",
                    settings.imageSize(),
                    MAX,
                    "Pixels of the shorter side: a number, or a range [from, to] to draw from (scale jitter).");
            return new Resize((int) side.from(), (int) side.to());
        }
    }
}
