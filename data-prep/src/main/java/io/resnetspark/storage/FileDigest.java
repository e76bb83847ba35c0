package io.resnetspark.storage;

import java.io.Serializable;

/** The length and SHA-256 of a file, as a manifest lists them. */
public record FileDigest(long bytes, String sha256) implements Serializable {}
