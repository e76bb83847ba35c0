package io.resnetspark.storage;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.util.HexFormat;

/** Counts and hashes the bytes written to it. */
public final class DigestingStream extends FilterOutputStream {
    private final DigestOutputStream digesting;
    private long bytes;

    public DigestingStream(OutputStream out) {
        this(new DigestOutputStream(out, Digests.sha256()));
    }

    private DigestingStream(DigestOutputStream digesting) {
        super(digesting);
        this.digesting = digesting;
    }

    @Override
    public void write(int b) throws IOException {
        digesting.write(b);
        bytes++;
    }

    @Override
    public void write(byte[] b, int offset, int length) throws IOException {
        digesting.write(b, offset, length);
        bytes += length;
    }

    /** The digest of everything written; may be called once. */
    public FileDigest digest() {
        return new FileDigest(
                bytes, HexFormat.of().formatHex(digesting.getMessageDigest().digest()));
    }
}
