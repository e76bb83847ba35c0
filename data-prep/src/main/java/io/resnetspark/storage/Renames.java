package io.resnetspark.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Atomic renames on local disk and HDFS. Object stores have none: there a directory is copied file by file, the file
 * that names the others last, and two writers of the same name may both succeed (docs/registry.md says what holds
 * there).
 */
public final class Renames {
    /** Further schemes of file systems whose rename is atomic; set by an administrator. */
    public static final String ATOMIC = "resnet.rename.atomic";

    private static final Set<String> KNOWN = Set.of("file", "hdfs", "viewfs");

    private Renames() {}

    /** Whether renames are atomic, so that no other process sees an intermediate state. */
    public static boolean areAtomic(FileSystem files, Configuration conf) {
        String scheme = files.getUri().getScheme();
        return KNOWN.contains(scheme) || List.of(conf.getTrimmedStrings(ATOMIC)).contains(scheme);
    }

    /**
     * Renames a directory.
     *
     * @param last its file that tells readers that it is complete
     * @throws FileAlreadyExistsException if the name exists
     */
    static void renameDirectory(Path from, Path to, String last, Configuration conf) throws IOException {
        FileSystem files = AtomicDirectory.fileSystem(from, conf);
        if (!areAtomic(files, conf)) {
            refuseExisting(files, to);
            moveFiles(from, to, last, conf);
        } else if (files instanceof LocalFileSystem local) {
            try {
                // On local disk, Hadoop checks first and renames then, and copies into a directory that appeared in
                // between.
                Files.move(
                        local.pathToFile(from).toPath(), local.pathToFile(to).toPath(), StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException taken) {
                refuseExisting(files, to);
                throw taken;
            }
        } else {
            // FileSystem.rename onto an existing directory moves into it; FileContext's rename refuses, in the name
            // node.
            FileContext.getFileContext(to.toUri(), conf).rename(from, to);
        }
    }

    /**
     * Renames a file to a name that must not exist.
     *
     * @throws FileAlreadyExistsException if the name exists
     */
    static void createExclusively(Path from, Path to, Configuration conf) throws IOException {
        FileSystem files = AtomicDirectory.fileSystem(from, conf);
        if (!areAtomic(files, conf)) {
            refuseExisting(files, to);
            replace(from, to, conf);
        } else if (files instanceof LocalFileSystem local) {
            try { // A move would overwrite; a hard link refuses.
                Files.createLink(
                        local.pathToFile(to).toPath(), local.pathToFile(from).toPath());
            } catch (java.nio.file.FileAlreadyExistsException taken) {
                throw new FileAlreadyExistsException(to + " exists");
            } catch (UnsupportedOperationException | FileSystemException noLinks) {
                // As on exFAT: there, two simultaneous writers of the same name are not detected.
                refuseExisting(files, to);
                replace(from, to, conf);
                return;
            }
            files.delete(from, false);
        } else {
            FileContext.getFileContext(to.toUri(), conf).rename(from, to);
        }
    }

    /** Renames a file, replacing an existing one. */
    public static void replace(Path from, Path to, Configuration conf) throws IOException {
        FileSystem files = AtomicDirectory.fileSystem(from, conf);
        if (files instanceof LocalFileSystem local) {
            Files.move(
                    local.pathToFile(from).toPath(),
                    local.pathToFile(to).toPath(),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } else if (!areAtomic(files, conf)) {
            // An object is written atomically, also over another.
            FileUtil.copy(files, from, files, to, true, true, conf);
        } else {
            FileContext.getFileContext(from.toUri(), conf).rename(from, to, Rename.OVERWRITE);
        }
    }

    /** Writes a file atomically, replacing an existing one. */
    public static void writeAtomically(Path file, byte[] content, Configuration conf) throws IOException {
        Path aside = Locations.hiddenSibling(file, ".writing-" + UUID.randomUUID());
        try (OutputStream out = AtomicDirectory.fileSystem(file, conf).create(aside, true)) {
            out.write(content);
        }
        replace(aside, file, conf);
    }

    /** Moves all files of a directory into another, {@code last} at the end; files of the same names are replaced. */
    static void moveFiles(Path from, Path to, String last, Configuration conf) throws IOException {
        FileSystem files = AtomicDirectory.fileSystem(from, conf);
        files.mkdirs(to);
        RemoteIterator<LocatedFileStatus> all = files.listFiles(from, true);
        while (all.hasNext()) {
            Path file = all.next().getPath();
            String name = from.toUri().relativize(file.toUri()).getPath();
            if (!name.equals(last)) {
                files.mkdirs(new Path(to, name).getParent());
                replace(file, new Path(to, name), conf);
            }
        }
        replace(new Path(from, last), new Path(to, last), conf);
        files.delete(from, true);
    }

    static void refuseExisting(FileSystem files, Path target) throws IOException {
        if (files.exists(target)) {
            throw new FileAlreadyExistsException(
                    target + " exists, and nothing is overwritten. Remove it, or name another place.");
        }
    }

    /** Lists a directory; empty if it does not exist. */
    public static FileStatus[] list(Path directory, Configuration conf) throws IOException {
        try {
            return directory.getFileSystem(conf).listStatus(directory);
        } catch (java.io.FileNotFoundException none) {
            return new FileStatus[0];
        }
    }
}
