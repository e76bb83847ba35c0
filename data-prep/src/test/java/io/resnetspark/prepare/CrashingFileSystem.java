package io.resnetspark.prepare;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A local file system that simulates a process killed before one of its actions: from then on nothing is written, moved
 * or deleted, except its lease, which the next job would have to wait for.
 */
public final class CrashingFileSystem extends LocalFileSystem {
    private static final Pattern NOTHING = Pattern.compile("(?!)");

    private static volatile Pattern crashPattern = NOTHING;
    private static volatile boolean killed;
    /** Whether data/dataset.json has been written. */
    private static volatile boolean isPublished;

    /** Used for all local file access of Spark and this process, until {@link #unmount}. */
    static void mount(JavaSparkContext spark) throws IOException {
        FileSystem.closeAll(); // or cached file systems would be used
        spark.hadoopConfiguration().set("fs.file.impl", CrashingFileSystem.class.getName());
        if (!(FileSystem.getLocal(new Configuration(spark.hadoopConfiguration())) instanceof CrashingFileSystem)) {
            throw new IllegalStateException("There is another local disk already");
        }
    }

    static void unmount() throws IOException {
        FileSystem.closeAll();
    }

    /**
     * Simulates a crash before an action.
     *
     * @param act create, move or delete and the whole path; prefixed with "then " after dataset.json was written
     */
    static void crashBefore(String act) {
        crashPattern = Pattern.compile(act);
        killed = false;
        isPublished = false;
    }

    /** @return whether a crash happened since {@link #crashBefore} */
    static boolean restart() {
        boolean was = killed;
        crashBefore(NOTHING.pattern());
        return was;
    }

    private static boolean isCrashed(String act, Path path) {
        if (path.toString().contains(".preparing")) {
            return false;
        }
        if (crashPattern
                .matcher((isPublished ? "then " : "") + act + " " + path.toUri().getPath())
                .matches()) {
            killed = true;
        }
        return killed;
    }

    private static void throwIfCrashed(String act, Path path) throws IOException {
        if (isCrashed(act, path)) {
            throw new IOException("killed before: " + act + " " + path);
        }
    }

    /** Half of the file is written. */
    @Override
    public FSDataOutputStream create(
            Path file,
            FsPermission permission,
            boolean overwrite,
            int buffer,
            short replication,
            long block,
            Progressable progress)
            throws IOException {
        boolean alive = !killed;
        if (isCrashed("create", file)) {
            if (alive) {
                try (OutputStream out =
                        super.create(file, permission, overwrite, buffer, replication, block, progress)) {
                    out.write('P');
                }
            }
            throw new IOException("killed while it wrote " + file);
        }
        return super.create(file, permission, overwrite, buffer, replication, block, progress);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        throwIfCrashed("delete", path);
        return super.delete(path, recursive);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        throwIfCrashed("move", to);
        return super.rename(from, to);
    }

    /** {@link io.resnetspark.storage.Renames} calls this for both names of a renamed file. */
    @Override
    public java.io.File pathToFile(Path path) {
        try {
            throwIfCrashed("move", path);
        } catch (IOException killed) {
            throw new UncheckedIOException(killed);
        }
        isPublished |= path.toUri().getPath().endsWith("/data/dataset.json");
        return super.pathToFile(path);
    }
}
