package io.resnetspark.storage;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * A directory that appears complete or not at all, on any Hadoop path. Files are written to a temporary directory,
 * every file is digested, and the last step is one rename. Closed before {@link #commit}, it leaves nothing behind
 * except the folders above it, unless it is {@linkplain #resume resumable}.
 */
public final class AtomicDirectory implements Closeable {
    /** Writes to an output stream. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private static final String UNFINISHED = "unfinished";

    private final Path target;
    private final Path temporary;
    private final Configuration conf;
    private final FileSystem files;
    private final Fence fence;
    private final Map<String, FileDigest> digests = new TreeMap<>();
    /** The file whose presence tells readers that the directory is complete. */
    private String lastWritten = "";
    /** Whether {@link #close} keeps the temporary directory. */
    private boolean keepOnClose;
    /** Whether it was committed, moved or discarded. */
    private boolean done;

    private AtomicDirectory(Path target, String suffix, Fence fence, Configuration conf) throws IOException {
        this.target = target;
        this.conf = conf;
        this.fence = fence;
        this.files = fileSystem(target, conf);
        this.temporary = Locations.hiddenSibling(target, suffix);
    }

    /**
     * Creates a temporary directory.
     *
     * @throws FileAlreadyExistsException if the target exists: nothing is ever overwritten
     */
    public static AtomicDirectory of(Path target, Configuration conf) throws IOException {
        return of(target, Fence.NONE, conf);
    }

    /** The same for a writer that another may take over from. */
    public static AtomicDirectory of(Path target, Fence fence, Configuration conf) throws IOException {
        Path qualified = target.getFileSystem(conf).makeQualified(target);
        AtomicDirectory directory =
                new AtomicDirectory(qualified, ".writing-" + fence.token() + UUID.randomUUID(), fence, conf);
        Renames.refuseExisting(directory.files, qualified);
        directory.files.mkdirs(directory.temporary);
        return directory;
    }

    /**
     * Creates a temporary directory, or resumes one that a process left unfinished; for long jobs. Closed before {@link
     * #commit}, it stays for the next job unless it was {@linkplain #discard discarded}. The target may exist: then
     * files can be {@linkplain #moveIntoTarget moved} into it.
     *
     * @param lease of the resuming job. The unfinished directory is renamed, so that the earlier holder can no longer
     *     finish it. On object stores a rename would copy everything, so the name stays.
     */
    public static AtomicDirectory resume(Path target, Lease lease, Configuration conf) throws IOException {
        Path qualified = target.getFileSystem(conf).makeQualified(target);
        boolean renames = Renames.areAtomic(fileSystem(target, conf), conf);
        AtomicDirectory directory =
                new AtomicDirectory(qualified, "." + (renames ? lease.token() : "") + UNFINISHED, lease, conf);
        directory.keepOnClose = true;
        if (renames) {
            directory.takeOver(lease);
        }
        return directory;
    }

    /** Resumes the newest holder's unfinished directory, and deletes the others. */
    private void takeOver(Lease lease) throws IOException {
        NavigableMap<Integer, Path> unfinished = earlierUnfinished(lease);
        lease.check(); // a newer holder has taken them already
        for (Path draft : unfinished.descendingMap().values()) {
            if (files.exists(temporary)) {
                files.delete(draft, true);
            } else if (!files.rename(draft, temporary)) {
                throw new IOException(draft + " could not be renamed to " + temporary);
            }
        }
    }

    /** Unfinished directories of the same target, by holder. */
    private NavigableMap<Integer, Path> earlierUnfinished(Lease lease) throws IOException {
        Pattern name = Pattern.compile(
                "\\." + Pattern.quote(target.getName()) + "\\.(?:lease([0-9]+)-(?:[0-9a-f]{8}-)?)?" + UNFINISHED);
        NavigableMap<Integer, Path> unfinished = new TreeMap<>();
        for (FileStatus status : Renames.list(target.getParent(), conf)) {
            Matcher draft = name.matcher(status.getPath().getName());
            if (draft.matches()) {
                int number = draft.group(1) == null ? 0 : Integer.parseInt(draft.group(1));
                if (number < lease.number()) {
                    unfinished.put(number, status.getPath());
                }
            }
        }
        return unfinished;
    }

    /** Deletes what was written. */
    public void discard() throws IOException {
        keepOnClose = true;
        files.delete(temporary, true);
        done = true;
    }

    /** Whether nothing of it is left in the temporary directory. */
    public boolean isDone() {
        return done;
    }

    /**
     * Moves all files into the existing target, one by one, with {@code last} at the end; files of the same names are
     * replaced. A reader that relies on that file sees either the old state or the new one.
     */
    public void moveIntoTarget(String last) throws IOException {
        checkFence();
        Renames.moveFiles(temporary, target, last, conf);
        keepOnClose = true;
        done = true;
    }

    /** The file system of a path; without the hidden .crc files on the local disk. */
    public static FileSystem fileSystem(Path path, Configuration conf) throws IOException {
        FileSystem files = path.getFileSystem(conf);
        if (files instanceof LocalFileSystem local) {
            Utf8FileNames.requireWritable(path);
            local.setWriteChecksum(false);
        }
        return files;
    }

    /** The temporary directory; executors write here too. */
    public Path path() {
        return temporary;
    }

    public void write(String name, Content content) throws IOException {
        DigestingStream out = new DigestingStream(files.create(new Path(temporary, name), true));
        try {
            content.writeTo(out);
        } catch (IOException | RuntimeException failure) {
            // Not try-with-resources: HDFS throws the same exception again on close, which cannot suppress itself.
            IOUtils.closeStream(out);
            throw failure;
        }
        out.close();
        digests.put(name, out.digest());
        lastWritten = name;
    }

    public void write(String name, byte[] content) throws IOException {
        write(name, out -> out.write(content));
    }

    public Map<String, FileDigest> digests() {
        return Collections.unmodifiableMap(digests);
    }

    /** Checks that it may still be committed, before a step that cannot be undone. */
    public void checkFence() throws IOException {
        fence.check();
    }

    /** Renames the directory to its target. */
    public Path commit() throws IOException {
        return commitAs(target);
    }

    /**
     * Renames the directory to another name beside its target. After a refusal it can be tried with the next name.
     *
     * @throws FileAlreadyExistsException if that name exists
     */
    public Path commitAs(Path name) throws IOException {
        Renames.refuseExisting(files, name);
        checkFence();
        Renames.renameDirectory(temporary, name, lastWritten, conf);
        keepOnClose = true;
        done = true;
        return name;
    }

    @Override
    public void close() throws IOException {
        if (keepOnClose) {
            return;
        }
        try {
            files.delete(temporary, true);
        } catch (FileNotFoundException alreadyGone) {
            // Nothing is left behind, as intended.
        }
    }
}
