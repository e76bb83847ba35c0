package io.resnetspark.deploy.registry;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** A file system whose rename is a copy, as that of an object store; it can stop in the middle, as if it were killed. */
public final class CopyingFileSystem extends RawLocalFileSystem {
    private static Optional<Integer> renamesLeft = Optional.empty();

    static Configuration conf() {
        Configuration conf = new Configuration();
        conf.setClass("fs.copying.impl", CopyingFileSystem.class, RawLocalFileSystem.class);
        conf.set(io.resnetspark.storage.Renames.NOT_ATOMIC, "copying");
        return conf;
    }

    /** Lets so many renames succeed, and none after them. */
    static void stopAfter(int renames) {
        renamesLeft = Optional.of(renames);
    }

    static void goOn() {
        renamesLeft = Optional.empty();
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
    public boolean rename(Path from, Path to) throws IOException {
        if (renamesLeft.isPresent()) {
            if (renamesLeft.get() == 0) {
                throw new IOException("killed");
            }
            renamesLeft = Optional.of(renamesLeft.get() - 1);
        }
        return FileUtil.copy(this, from, this, to, true, getConf());
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
