package io.resnetspark.data.shard;

import java.io.Serializable;

/**
 * One row of a shard.
 *
 * @param bytes the encoded picture
 * @param width of the decoded picture, in pixels
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Example(String key, int label, byte[] bytes, int width, int height) implements Serializable {}
