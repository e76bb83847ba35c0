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
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.io.IOUtils;

/**
 * A directory that appears whole or not at all, on any Hadoop path: it is written aside, every file is digested, and
 * the last act is one rename. Closed before {@link #commit}, it leaves nothing behind but the folders above it, unless
 * it is meant to be {@linkplain #continued continued}.
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
    /** Whether {@link #close} leaves what was written. */
    private boolean stays;

    private Draft(Path target, String suffix, Configuration conf) throws IOException {
        this.target = target;
        this.conf = conf;
        this.files = fileSystem(target, conf);
        this.aside = new Path(target.getParent(), "." + target.getName() + suffix);
    }

    /**
     * Begins a directory.
     *
     * @throws FileAlreadyExistsException if there is something at the target: nothing is ever overwritten
     */
    public static Draft of(Path target, Configuration conf) throws IOException {
        Path qualified = target.getFileSystem(conf).makeQualified(target);
        Draft draft = new Draft(qualified, ".writing-" + UUID.randomUUID(), conf);
        draft.refuseExisting();
        draft.files.mkdirs(draft.aside);
        return draft;
    }

    /**
     * Begins a directory, or goes on with one that a process which ended left unfinished; for long jobs. Closed before
     * {@link #commit}, it stays for the next time, unless it was {@linkplain #discard discarded}. The target may exist:
     * then files can be {@linkplain #addAll added} to it.
     */
    public static Draft continued(Path target, Configuration conf) throws IOException {
        Path qualified = target.getFileSystem(conf).makeQualified(target);
        Draft draft = new Draft(qualified, ".unfinished", conf);
        draft.files.mkdirs(draft.aside);
        draft.stays = true;
        return draft;
    }

    /** Gives up what was written. */
    public void discard() throws IOException {
        stays = true;
        files.delete(aside, true);
    }

    /**
     * Moves all files into the target, which exists, one by one and {@code last} at the end; files of the same names give
     * way. Whoever believes that file alone sees either the old state or the new one.
     */
    public void addAll(String last) throws IOException {
        RemoteIterator<LocatedFileStatus> all = files.listFiles(aside, true);
        while (all.hasNext()) {
            Path file = all.next().getPath();
            String name = aside.toUri().relativize(file.toUri()).getPath();
            if (!name.equals(last)) {
                files.mkdirs(new Path(target, name).getParent());
                replace(file, new Path(target, name), conf);
            }
        }
        replace(new Path(aside, last), new Path(target, last), conf);
        discard();
    }

    /** Renames a file in one step, onto another if need be. */
    public static void replace(Path from, Path to, Configuration conf) throws IOException {
        if (fileSystem(from, conf) instanceof LocalFileSystem local) {
            Files.move(
                    local.pathToFile(from).toPath(),
                    local.pathToFile(to).toPath(),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } else {
            FileContext.getFileContext(from.toUri(), conf).rename(from, to, Rename.OVERWRITE);
        }
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
        DigestingStream out = new DigestingStream(files.create(new Path(aside, name), true));
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
        stays = true;
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
        if (stays) {
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
