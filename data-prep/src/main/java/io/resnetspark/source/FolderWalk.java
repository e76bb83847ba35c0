package io.resnetspark.source;

import io.resnetspark.storage.Utf8FileNames;
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
 * Iterates over all files below a folder, at any depth. Links are followed, except to a folder that contains the link.
 */
final class FolderWalk implements Iterator<FolderWalk.Found> {
    /**
     * A file.
     *
     * @param name its path relative to the folder
     * @param isSkipped whether its name, or that of a folder above it, is on the list of skipped names
     */
    record Found(FileStatus file, String name, boolean isSkipped) {}

    /** A folder that is being traversed. */
    private record Level(Iterator<FileStatus> files, String prefix, boolean isSkipped, Object identity) {}

    private final Configuration conf;
    private final Set<String> others;
    private final Deque<Level> levels = new ArrayDeque<>();
    private Found next;

    /** @param others folders directly in this one that are not traversed */
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

    /** Identifies a folder, by whichever path it is reached. Only the local disk has links. */
    private static Object identity(Path folder) {
        try {
            return "file".equals(folder.toUri().getScheme())
                    ? Utf8FileNames.file(folder).toRealPath()
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
