package io.resnetspark.data.source;

import io.resnetspark.storage.BadInputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Opens a corpus by the name of its layout. */
public final class Sources {
    public static final List<String> NAMES = List.of("folders", "cifar10");

    private Sources() {}

    public static Source open(String layout, Path from, Configuration conf) throws IOException {
        return switch (layout) {
            case "folders" -> FolderSource.open(from, conf);
            case "cifar10" -> CifarSource.open(from, conf);
            default ->
                throw new BadInputException(
                        "There is no source '" + layout + "'; there are " + String.join(", ", NAMES) + ".");
        };
    }

    /** What lies in a folder, by name; hidden things are left out. */
    static List<FileStatus> list(Path folder, Configuration conf) throws IOException {
        FileSystem files = folder.getFileSystem(conf);
        try {
            return Arrays.stream(files.listStatus(folder))
                    .filter(file -> !file.getPath().getName().startsWith(".")
                            && !file.getPath().getName().startsWith("_"))
                    .sorted(Comparator.comparing(file -> file.getPath().getName()))
                    .toList();
        } catch (FileNotFoundException missing) {
            throw new BadInputException("There is nothing at " + folder + ".", missing);
        }
    }

    static byte[] read(Path file, Configuration conf) throws IOException {
        return read(file, Integer.MAX_VALUE, conf);
    }

    /** The first bytes of a file, at most so many. */
    static byte[] read(Path file, int most, Configuration conf) throws IOException {
        try (java.io.InputStream in = file.getFileSystem(conf).open(file)) {
            return in.readNBytes(most);
        }
    }
}
