package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import java.io.Serializable;

/**
 * One image as a source delivers it.
 *
 * @param key unique in the corpus and stable between runs; augmentation and shard depend on it
 * @param split null if the corpus does not define one
 * @param label index of its class in the corpus' classes; -1 for an unusable image
 * @param bytes the encoded image, unchanged
 * @param reason why the source already knows that it is unusable; null for most images
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record SourceImage(String key, Split split, int label, byte[] bytes, String reason) implements Serializable {
    public SourceImage(String key, Split split, int label, byte[] bytes) {
        this(key, split, label, bytes, null);
    }

    /** A copy with this split. */
    public SourceImage withSplit(Split chosen) {
        return new SourceImage(key, chosen, label, bytes, reason);
    }

    public static SourceImage unusable(String key, Split split, byte[] bytes, String reason) {
        return new SourceImage(key, split, -1, bytes, reason);
    }
}
