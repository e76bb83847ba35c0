package io.resnetspark.storage;

import java.io.Serializable;

/**
 * What a manifest says of a file.
 *
 * @param bytes its size
 * @param sha256 its SHA-256, in hexadecimal digits
 */
public record FileDigest(long bytes, String sha256) implements Serializable {}
