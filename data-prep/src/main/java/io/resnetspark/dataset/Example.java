package io.resnetspark.dataset;

import java.io.Serializable;

/**
 * One row of a shard.
 *
 * @param bytes the encoded image
 * @param width of the decoded image, in pixels
 * @param originalDigest SHA-256 of the original file; empty in shards of format 1
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Example(String key, int label, byte[] bytes, int width, int height, String originalDigest)
        implements Serializable {}
