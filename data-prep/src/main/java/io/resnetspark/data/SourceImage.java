package io.resnetspark.data;

import java.io.Serializable;

/**
 * One picture as a source gives it.
 *
 * @param key unique in the corpus, and the same at every run: augmentation and shard follow from it
 * @param split null where the corpus leaves it to us
 * @param label position of its class among the corpus' classes; -1 for a picture that is unusable
 * @param bytes the encoded picture, as found
 * @param reason why the source knows already that it cannot be used; null for most
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record SourceImage(String key, Split split, int label, byte[] bytes, String reason) implements Serializable {
    public SourceImage(String key, Split split, int label, byte[] bytes) {
        this(key, split, label, bytes, null);
    }

    /** The same in a split. */
    public SourceImage withSplit(Split chosen) {
        return new SourceImage(key, chosen, label, bytes, reason);
    }

    public static SourceImage unusable(String key, Split split, byte[] bytes, String reason) {
        return new SourceImage(key, split, -1, bytes, reason);
    }
}
