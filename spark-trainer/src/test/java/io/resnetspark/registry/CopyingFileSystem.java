package io.resnetspark.registry;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** A file system whose rename is a copy, as that of an object store; it can stop in the middle, as if it were killed. */
public final class CopyingFileSystem extends RawLocalFileSystem {
    private static Optional<Integer> filesLeft = Optional.empty();

    static Configuration conf() {
        Configuration conf = new Configuration();
        conf.setClass("fs.copying.impl", CopyingFileSystem.class, RawLocalFileSystem.class);
        return conf;
    }

    /** Lets so many files be begun, and none after them. */
    static void stopAfter(int files) {
        filesLeft = Optional.of(files);
    }

    static void goOn() {
        filesLeft = Optional.empty();
    }

    @Override
    public URI getUri() {
        return URI.create("copying:///");
    }

    @Override
    public String getScheme() {
        return "copying";
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException("It would be no rename: " + from + " to " + to);
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        stopIfItIsTime();
        return super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        stopIfItIsTime();
        return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }

    private static void stopIfItIsTime() throws IOException {
        if (filesLeft.isPresent()) {
            if (filesLeft.get() == 0) {
                throw new IOException("killed");
            }
            filesLeft = Optional.of(filesLeft.get() - 1);
        }
    }

    /** Without permissions, which the local file system would ask for by a path of its own scheme. */
    private static FileStatus plain(FileStatus status) {
        return new FileStatus(
                status.getLen(),
                status.isDirectory(),
                status.getReplication(),
                status.getBlockSize(),
                status.getModificationTime(),
                status.getPath());
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return plain(super.getFileStatus(path));
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        return Stream.of(super.listStatus(path)).map(CopyingFileSystem::plain).toArray(FileStatus[]::new);
    }
}
