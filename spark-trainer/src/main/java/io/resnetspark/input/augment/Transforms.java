package io.resnetspark.input.augment;

import io.resnetspark.common.Providers;
import java.util.SortedMap;

/** The transforms that a recipe may name: ours, and those of jars on the class path. */
public final class Transforms {
    private Transforms() {}

    /** By kind. */
    public static SortedMap<String, TransformProvider> found() {
        return Providers.load(TransformProvider.class, TransformProvider::kind);
    }
}
