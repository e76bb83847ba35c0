package io.resnetspark.data.source;

import io.resnetspark.storage.LocalFileNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * All files below a folder, however deep, one after the other. Links are followed, but never to a folder that the walk is
 * in already.
 */
final class FolderWalk implements Iterator<FolderWalk.Found> {
    /**
     * A file.
     *
     * @param name its path below the folder
     * @param isSkipped whether it, or a folder that it is in, has the name of something that is never looked into
     */
    record Found(FileStatus file, String name, boolean isSkipped) {}

    /** A folder that the walk is in. */
    private record Level(Iterator<FileStatus> files, String prefix, boolean isSkipped, Object identity) {}

    private final Configuration conf;
    private final Set<String> others;
    private final Deque<Level> levels = new ArrayDeque<>();
    private Found next;

    /** @param others folders directly in this one that are left to others */
    FolderWalk(Path folder, Set<String> others, Configuration conf) throws IOException {
        this.conf = conf;
        this.others = others;
        enter(folder, "", false);
        next = advance();
    }

    private void enter(Path folder, String prefix, boolean isSkipped) throws IOException {
        Object identity = identity(folder);
        if (levels.stream().noneMatch(level -> level.identity.equals(identity))) {
            levels.push(new Level(Sources.all(folder, conf).iterator(), prefix, isSkipped, identity));
        }
    }

    /** The same for every way to a folder. Only this machine's disk has links. */
    private static Object identity(Path folder) {
        try {
            return "file".equals(folder.toUri().getScheme())
                    ? LocalFileNames.file(folder).toRealPath()
                    : folder;
        } catch (IOException | IllegalArgumentException unknown) {
            return folder;
        }
    }

    private Found advance() throws IOException {
        while (!levels.isEmpty()) {
            Level level = levels.peek();
            if (!level.files.hasNext()) {
                levels.pop();
                continue;
            }
            FileStatus file = level.files.next();
            String name = file.getPath().getName();
            boolean isSkipped = level.isSkipped || SkippedFile.isSkippedName(name);
            if (!file.isDirectory()) {
                return new Found(file, level.prefix + name, isSkipped);
            }
            if (levels.size() > 1 || !others.contains(name)) {
                enter(file.getPath(), level.prefix + name + "/", isSkipped);
            }
        }
        return null;
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public Found next() {
        if (next == null) {
            throw new NoSuchElementException();
        }
        Found found = next;
        try {
            next = advance();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return found;
    }
}
