package io.resnetspark.model.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What takes seconds to find out about a GPU, kept for the next process: compiled kernels, chosen algorithms. A folder
 * that cannot be written to costs those seconds again, nothing else.
 */
final class DiskCache {
    private static final Logger LOG = LoggerFactory.getLogger(DiskCache.class);

    /** The folder; by default .cache/resnet-spark in the user's home. */
    static final String SETTING = "resnet.cuda.cache";

    private DiskCache() {}

    /** @param key all that the value depends on */
    static byte[] get(List<String> key, Supplier<byte[]> make) {
        return find(key).orElseGet(() -> {
            byte[] made = make.get();
            put(key, made);
            return made;
        });
    }

    static Optional<byte[]> find(List<String> key) {
        Path file = folder().resolve(digest(key));
        try {
            return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
        } catch (IOException unreadable) {
            LOG.debug("{} cannot be read, it is made anew", file, unreadable);
            return Optional.empty();
        }
    }

    static void put(List<String> key, byte[] value) {
        Path file = folder().resolve(digest(key));
        try {
            Files.createDirectories(file.getParent());
            Path draft = Files.createTempFile(file.getParent(), "draft", null);
            Files.write(draft, value);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException readOnly) {
            LOG.debug("{} cannot be written; the next process finds it out again", file, readOnly);
        }
    }

    private static Path folder() {
        String setting = System.getProperty(SETTING);
        return setting != null ? Path.of(setting) : Path.of(System.getProperty("user.home"), ".cache", "resnet-spark");
    }

    private static String digest(List<String> key) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String part : key) {
                sha.update(part.getBytes(StandardCharsets.UTF_8));
                sha.update((byte) 0);
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
