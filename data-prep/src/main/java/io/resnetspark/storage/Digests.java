package io.resnetspark.storage;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** SHA-256 digests, in hexadecimal. */
public final class Digests {
    private Digests() {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every Java platform has SHA-256", impossible);
        }
    }

    public static String of(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    public static FileDigest of(Path file, Configuration conf) throws IOException {
        try (InputStream in = UserFiles.open(file, conf)) {
            return of(in);
        }
    }

    private static FileDigest of(InputStream in) throws IOException {
        DigestingStream sink = new DigestingStream(java.io.OutputStream.nullOutputStream());
        in.transferTo(sink);
        return sink.digest();
    }
}
