package io.resnetspark.storage;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The past and present holders of a {@link Lease}: a record for each, a file that is renewed while the holder lives,
 * and one when it gave the lease back.
 */
final class LeaseHolders {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseHolders.class);

    /** Records of past holders that are kept. */
    private static final int MAX_PAST_HOLDERS = 20;

    private static final Pattern NUMBERED = Pattern.compile("([0-9]+)(?:-[0-9a-f]{8})?\\.(json|alive|released)");

    private final Journal<Holder> holders;
    private final Configuration conf;
    private final FileSystem files;

    /**
     * A holder, and how long its lease lasts after each renewal.
     *
     * @param nonce random; null in records of early versions
     */
    @JsonPropertyOrder({"who", "since", "seconds", "word"})
    record Holder(
            String who,
            String since,
            long seconds,
            @JsonProperty("word") String nonce) {}

    LeaseHolders(Path folder, Configuration conf) throws IOException {
        this.holders = new Journal<>(folder, Holder.class, conf);
        this.conf = conf;
        this.files = AtomicDirectory.fileSystem(folder, conf);
    }

    Path folder() {
        return holders.folder();
    }

    /**
     * Records a new holder.
     *
     * @throws LeaseHeldException if the last one renewed its lease in time
     */
    Journal.Entry<Holder> add(String who, Duration duration) throws IOException {
        try {
            Journal.Entry<Holder> mine = holders.append(
                    last -> {
                        last.ifPresent(this::refuseIfAlive);
                        return new Holder(who, Instant.now().toString(), duration.toSeconds(), randomNonce());
                    },
                    Fence.NONE);
            deleteUpTo(mine.number() - MAX_PAST_HOLDERS);
            return mine;
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    private static String randomNonce() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    /** Whether no other holder came later. */
    boolean isLast(Journal.Entry<Holder> mine) throws IOException {
        return holders.last()
                .filter(last -> last.number() == mine.number()
                        && mine.content().nonce().equals(last.content().nonce()))
                .isPresent();
    }

    /** Deletes the records of holders up to this number. */
    private void deleteUpTo(int last) throws IOException {
        for (FileStatus file : Renames.list(folder(), conf)) {
            Matcher numbered = NUMBERED.matcher(file.getPath().getName());
            if (numbered.matches() && Integer.parseInt(numbered.group(1)) <= last) {
                files.delete(file.getPath(), false);
            }
        }
    }

    private void refuseIfAlive(Journal.Entry<Holder> entry) {
        try {
            if (files.exists(file(entry, "released"))) {
                return;
            }
            Optional<Long> renewed = modified(file(entry, "alive"));
            long alive = renewed.isPresent()
                    ? renewed.get()
                    : files.getFileStatus(holders.path(entry.number())).getModificationTime();
            long left = alive + entry.content().seconds() * 1000 - now();
            if (left > 0) {
                throw new LeaseHeldException(folder().getParent() + " is being worked on by "
                        + entry.content().who() + ", since " + entry.content().since()
                        + ". If that process is dead, its lease ends in " + (left / 1000 + 1) + " s.");
            }
            LOG.warn(
                    "takes over from {}, who did not renew lease {}",
                    entry.content().who(),
                    entry.number());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The file system's clock: the modification time of a file that is written now. */
    private long now() throws IOException {
        Path probe = new Path(folder(), ".now-" + UUID.randomUUID());
        files.create(probe, true).close();
        try {
            return files.getFileStatus(probe).getModificationTime();
        } finally {
            files.delete(probe, false);
        }
    }

    private Optional<Long> modified(Path file) throws IOException {
        try {
            return Optional.of(files.getFileStatus(file).getModificationTime());
        } catch (FileNotFoundException none) {
            return Optional.empty();
        }
    }

    /** The name contains the holder's nonce, because another holder may have had its number. */
    private Path file(Journal.Entry<Holder> entry, String what) {
        String nonce = entry.content().nonce();
        return new Path(folder(), entry.number() + (nonce == null ? "" : "-" + nonce) + "." + what);
    }

    void renew(Journal.Entry<Holder> mine) throws IOException {
        try (OutputStream out = files.create(file(mine, "alive"), true)) {
            out.write('\n');
        }
    }

    void release(Journal.Entry<Holder> mine) throws IOException {
        files.create(file(mine, "released"), true).close();
        files.delete(file(mine, "alive"), false);
    }

    /** Removes all records in one step, and the parent folder if it is empty. */
    boolean remove() throws IOException {
        Path gone = new Path(folder().getParent(), ".ended-" + UUID.randomUUID());
        if (!files.rename(folder(), gone)) {
            return false;
        }
        files.delete(gone, true);
        try {
            files.delete(gone.getParent(), false);
        } catch (IOException somethingElseIsInIt) {
            // Such as the lease of the next holder.
        }
        return true;
    }
}
