package io.resnetspark.train.report;

import io.resnetspark.storage.AtomicDirectory;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * A file that others read while it grows, on any Hadoop path that can show what is not closed yet (HDFS and local disk
 * can; object stores show it when it is closed). Training does not end because of it: if it cannot be written, that is
 * said once, and no more is written.
 */
final class AppendOnlyFile implements Closeable {
    private final Path path;
    private final Consumer<String> warn;
    private FSDataOutputStream out;

    /** Begins the file anew. */
    AppendOnlyFile(Path path, Configuration conf, Consumer<String> warn) {
        this.path = path;
        this.warn = warn;
        try {
            out = AtomicDirectory.fileSystem(path, conf).create(path, true);
        } catch (IOException failed) {
            giveUp(failed);
        }
    }

    void append(byte[] bytes) {
        if (out == null) {
            return;
        }
        try {
            out.write(bytes);
            out.hflush();
        } catch (IOException | UnsupportedOperationException failed) {
            giveUp(failed);
        }
    }

    private void giveUp(Exception failed) {
        warn.accept(path + " cannot be written any more (" + failed.getMessage() + "); training continues without it.");
        FSDataOutputStream broken = out;
        out = null;
        org.apache.hadoop.io.IOUtils.closeStream(broken);
    }

    @Override
    public void close() {
        if (out != null) {
            try {
                out.close();
            } catch (IOException failed) {
                giveUp(failed);
            }
        }
    }
}
