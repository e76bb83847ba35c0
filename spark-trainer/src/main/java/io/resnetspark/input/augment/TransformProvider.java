package io.resnetspark.input.augment;

/**
 * Makes a transform of an entry of a recipe's {@code data.augmentation}. {@link java.util.ServiceLoader} finds it: name
 * its class in {@code META-INF/services/io.resnetspark.input.augment.TransformProvider} of a jar on the class path.
 */
public interface TransformProvider {
    /** The name in a recipe, as random-resized-crop. */
    String kind();

    /** One sentence for the reference page. */
    String description();

    /**
     * @param settings the other keys of the entry; every key that is asked for may be given, and no other
     */
    Transform create(TransformSettings settings);
}
