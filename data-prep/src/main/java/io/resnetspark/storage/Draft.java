package io.resnetspark.storage;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * A directory that appears whole or not at all, on any Hadoop path: it is written aside, every file is digested, and
 * the last act is one rename. Closed before {@link #commit}, it leaves nothing behind but the
 * folders above it.
 */
public final class Draft implements Closeable {
    /** An output stream's user. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private final Path target;
    private final Path aside;
    private final Configuration conf;
    private final FileSystem files;
    private final Map<String, FileDigest> digests = new TreeMap<>();
    private boolean committed;

    private Draft(Path target, Configuration conf) throws IOException {
        this.target = target;
        this.conf = conf;
        this.files = fileSystem(target, conf);
        this.aside = new Path(target.getParent(), "." + target.getName() + ".writing-" + UUID.randomUUID());
    }

    /**
     * Begins a directory.
     *
     * @throws FileAlreadyExistsException if there is something at the target: nothing is ever overwritten
     */
    public static Draft of(Path target, Configuration conf) throws IOException {
        Path qualified = target.getFileSystem(conf).makeQualified(target);
        Draft draft = new Draft(qualified, conf);
        draft.refuseExisting();
        draft.files.mkdirs(draft.aside);
        return draft;
    }

    /** The file system of a path; on local disk without the hidden .crc file beside every file. */
    public static FileSystem fileSystem(Path path, Configuration conf) throws IOException {
        FileSystem files = path.getFileSystem(conf);
        if (files instanceof LocalFileSystem local) {
            local.setWriteChecksum(false);
        }
        return files;
    }

    /** Where the files lie until {@link #commit}; executors write here too. */
    public Path path() {
        return aside;
    }

    public void write(String name, Content content) throws IOException {
        DigestingStream out = new DigestingStream(files.create(new Path(aside, name), false));
        try {
            content.writeTo(out);
        } catch (IOException | RuntimeException failure) {
            // Not try-with-resources: HDFS throws the same exception again on close, which cannot suppress itself.
            IOUtils.closeStream(out);
            throw failure;
        }
        out.close();
        digests.put(name, out.digest());
    }

    public void write(String name, byte[] content) throws IOException {
        write(name, out -> out.write(content));
    }

    public Map<String, FileDigest> digests() {
        return Collections.unmodifiableMap(digests);
    }

    /** Makes the directory appear. */
    public Path commit() throws IOException {
        refuseExisting();
        rename();
        committed = true;
        return target;
    }

    /** One step that refuses a target which appeared meanwhile. */
    private void rename() throws IOException {
        if (!(files instanceof LocalFileSystem local)) {
            // FileSystem.rename onto an existing directory moves into it; FileContext's refuses, in the name node.
            FileContext.getFileContext(target.toUri(), conf).rename(aside, target);
            return;
        }
        try {
            // Hadoop looks first and renames then on local disk, and copies into a directory that came in between.
            Files.move(
                    local.pathToFile(aside).toPath(),
                    local.pathToFile(target).toPath(),
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException taken) {
            refuseExisting();
            throw taken;
        }
    }

    @Override
    public void close() throws IOException {
        if (committed) {
            return;
        }
        try {
            files.delete(aside, true);
        } catch (FileNotFoundException alreadyGone) {
            // Nothing is left behind, which is all that was wanted.
        }
    }

    private void refuseExisting() throws IOException {
        if (files.exists(target)) {
            throw new FileAlreadyExistsException(
                    target + " exists, and nothing is overwritten. Remove it, or name another place.");
        }
    }
}
