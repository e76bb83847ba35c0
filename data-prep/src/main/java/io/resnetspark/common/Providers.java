package io.resnetspark.common;

import io.resnetspark.storage.BadInputException;
import java.util.Collections;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Implementations of an interface that stand on the class path, ours and those in other people's jars. */
public final class Providers {
    private Providers() {}

    /**
     * All that {@link ServiceLoader} finds, by name.
     *
     * @param name by which a recipe or a command calls one
     * @throws BadInputException if two have the same name, or one cannot be loaded
     */
    public static <T> SortedMap<String, T> load(Class<T> type, Function<T, String> name) {
        SortedMap<String, T> found = new TreeMap<>();
        try {
            for (T provider : ServiceLoader.load(type, loader())) {
                T other = found.putIfAbsent(name.apply(provider), provider);
                if (other != null) {
                    throw new BadInputException("Two classes on the class path provide '" + name.apply(provider)
                            + "': " + other.getClass().getName() + " and "
                            + provider.getClass().getName() + ". Rename one, or remove its jar.");
                }
            }
        } catch (ServiceConfigurationError broken) {
            throw new BadInputException(
                    "A jar on the class path cannot be used: " + broken.getMessage() + ". Fix or remove it.", broken);
        }
        return Collections.unmodifiableSortedMap(found);
    }

    /** Spark's, which knows the jars that were given to spark-submit. */
    private static ClassLoader loader() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context == null ? Providers.class.getClassLoader() : context;
    }
}
