package io.resnetspark.model.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores what takes seconds to compute for a GPU for the next process: compiled kernels, chosen algorithms. If the
 * folder is not writable, it is computed again.
 *
 * <p>The SHA-256 of a value precedes it in the file, so that a damaged one is never used: the driver does not know the
 * length of kernels and would read beyond a truncated file.
 */
final class DiskCache {
    private static final Logger LOG = LoggerFactory.getLogger(DiskCache.class);

    /** The folder; by default .cache/resnet-spark in the user's home. */
    static final String SETTING = "resnet.cuda.cache";

    private static final int DIGEST_BYTES = 32;

    private DiskCache() {}

    /** @param key all that the value depends on */
    static Optional<byte[]> get(List<String> key) {
        Optional<Path> file = file(key);
        if (file.isEmpty() || !Files.exists(file.get())) {
            return Optional.empty();
        }
        try {
            byte[] stored = Files.readAllBytes(file.get());
            if (stored.length >= DIGEST_BYTES) {
                byte[] value = Arrays.copyOfRange(stored, DIGEST_BYTES, stored.length);
                if (MessageDigest.isEqual(sha256().digest(value), Arrays.copyOf(stored, DIGEST_BYTES))) {
                    return Optional.of(value);
                }
            }
            LOG.warn("{} is damaged; it is made anew", file.get());
        } catch (IOException unreadable) {
            LOG.debug("{} cannot be read; it is made anew", file.get(), unreadable);
        }
        return Optional.empty();
    }

    /** Replaces the value, atomically for other processes. */
    static void put(List<String> key, byte[] value) {
        Optional<Path> file = file(key);
        if (file.isEmpty()) {
            return;
        }
        Path draft = null;
        try {
            Files.createDirectories(file.get().getParent());
            draft = Files.createTempFile(file.get().getParent(), "draft", null);
            byte[] stored = Arrays.copyOf(sha256().digest(value), DIGEST_BYTES + value.length);
            System.arraycopy(value, 0, stored, DIGEST_BYTES, value.length);
            Files.write(draft, stored);
            Files.move(draft, file.get(), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException readOnly) {
            LOG.debug("{} cannot be written; the next process finds it out again", file.get(), readOnly);
            discard(draft);
        }
    }

    private static void discard(Path draft) {
        try {
            if (draft != null) {
                Files.deleteIfExists(draft);
            }
        } catch (IOException stays) {
            LOG.debug("{} stays", draft, stays);
        }
    }

    private static Optional<Path> file(List<String> key) {
        return folder().map(folder -> folder.resolve(HexFormat.of().formatHex(digest(key))));
    }

    /** Empty if the user has no home, as under a user id without an account. */
    private static Optional<Path> folder() {
        String setting = System.getProperty(SETTING);
        Path folder =
                setting != null ? Path.of(setting) : Path.of(System.getProperty("user.home"), ".cache/resnet-spark");
        return setting != null || folder.isAbsolute() ? Optional.of(folder) : Optional.empty();
    }

    private static byte[] digest(List<String> key) {
        MessageDigest sha = sha256();
        for (String part : key) {
            sha.update(part.getBytes(StandardCharsets.UTF_8));
            sha.update((byte) 0);
        }
        return sha.digest();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
