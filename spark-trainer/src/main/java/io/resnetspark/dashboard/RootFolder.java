package io.resnetspark.dashboard;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.UserFiles;
import io.resnetspark.storage.Utf8FileNames;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * A folder whose contents may be shown, and nothing else. What is asked for is looked up in a listing: no name is ever
 * made a part of a path. Children that are links are passed over.
 */
record RootFolder(Path path, Configuration conf) {
    /** Of what has more children, the newest. */
    static final int MAX_CHILDREN = 1000;

    /** @throws BadInputException if it is no folder */
    static RootFolder of(Path path, Configuration conf) throws IOException {
        Path qualified = path.getFileSystem(conf).makeQualified(path);
        try {
            UserFiles.list(qualified, conf).close();
        } catch (FileNotFoundException missing) {
            throw new BadInputException("There is no folder at " + path + ". Wanted: a folder that is there.", missing);
        }
        return new RootFolder(qualified, conf);
    }

    /** Folders in it, the newest first; not those whose names begin with a dot or an underscore. */
    List<Path> children() throws IOException {
        try (Stream<FileStatus> children = UserFiles.list(path, conf)) {
            return children.filter(FileStatus::isDirectory)
                    .filter(child -> !child.getPath().getName().matches("(?s)[._].*"))
                    .sorted((a, b) -> Long.compare(b.getModificationTime(), a.getModificationTime()))
                    .map(child -> Locations.child(path, child.getPath().getName()))
                    .filter(this::isWithin)
                    .limit(MAX_CHILDREN)
                    .toList();
        }
    }

    boolean isLocal() {
        return "file".equals(path.toUri().getScheme());
    }

    /** Whether no link stands between this folder and a path below it; only local disks have links. */
    boolean isWithin(Path below) {
        if (!isLocal()) {
            return true;
        }
        java.nio.file.Path root = Utf8FileNames.file(path);
        java.nio.file.Path part = Utf8FileNames.file(below);
        while (part != null && !part.equals(root)) {
            if (Files.isSymbolicLink(part)) {
                return false;
            }
            part = part.getParent();
        }
        return part != null;
    }

    /** Whether there is such a file or folder, reached by no link. */
    boolean has(Path below) throws IOException {
        return isWithin(below) && path.getFileSystem(conf).exists(below);
    }
}
