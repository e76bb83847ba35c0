package io.resnetspark.input.augment;

/**
 * The keys of one entry of {@code data.augmentation}. A value out of range is reported with its file and line, with all
 * other problems of the recipe; an allowed one is returned in its place.
 */
public interface TransformSettings {
    /** Height and width of the network's input, in pixels. */
    int imageSize();

    /**
     * A whole number.
     *
     * @param otherwise its value if it is not given
     * @param meaning one sentence for the reference page
     */
    int integer(String key, int otherwise, int min, int max, String meaning);

    /** A number; parameters as of {@link #integer}. */
    double number(String key, double otherwise, double min, double max, String meaning);

    /** Numbers [from, to]; parameters as of {@link #integer}. */
    Range range(String key, Range otherwise, double min, double max, String meaning);

    /** One whole number, or [from, to]; it must be given. */
    Range integerRange(String key, int min, int max, String meaning);

    /** Two numbers, the second no smaller than the first. */
    record Range(double from, double to) {}
}
