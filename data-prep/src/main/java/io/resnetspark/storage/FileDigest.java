package io.resnetspark.storage;

import java.io.Serializable;

/** What a manifest says of a file. */
public record FileDigest(long bytes, String sha256) implements Serializable {}
