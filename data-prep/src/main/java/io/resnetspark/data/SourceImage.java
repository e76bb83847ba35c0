package io.resnetspark.data;

import java.io.Serializable;

/**
 * One picture as a source gives it.
 *
 * @param key unique in the corpus, and the same at every run: augmentation and shard follow from it
 * @param label position of its class among {@link Source#classes}
 * @param bytes the encoded picture, as found
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record SourceImage(String key, Split split, int label, byte[] bytes) implements Serializable {}
