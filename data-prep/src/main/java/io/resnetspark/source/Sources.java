package io.resnetspark.source;

import io.resnetspark.common.Providers;
import io.resnetspark.dataset.ClassNames;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.UserFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** The layouts of corpora: ours, and those of jars on the class path. */
public final class Sources {
    private Sources() {}

    /** By name. */
    public static SortedMap<String, SourceProvider> found() {
        return Providers.load(SourceProvider.class, SourceProvider::name);
    }

    /** @throws BadInputException if no layout has this name, or the corpus is none of it */
    public static Source open(String layout, Path from, Configuration conf) throws IOException {
        SortedMap<String, SourceProvider> known = found();
        SourceProvider provider = known.get(layout);
        if (provider == null) {
            throw new BadInputException("The source '" + layout + "' is not known; known are "
                    + String.join(", ", known.keySet()) + ". Others are found in jars on the class path.");
        }
        Source source = provider.open(from, conf);
        ClassNames.validate(source.classes());
        return source;
    }

    /** Lists a folder lazily, without skipped files. */
    static Stream<FileStatus> stream(Path folder, Configuration conf) throws IOException {
        return all(folder, conf)
                .filter(file -> !SkippedFile.isSkippedName(file.getPath().getName()));
    }

    /** Lists a folder lazily, with all files. */
    static Stream<FileStatus> all(Path folder, Configuration conf) throws IOException {
        try {
            return UserFiles.list(folder, conf);
        } catch (FileNotFoundException missing) {
            throw new BadInputException("There is nothing at " + folder + ".", missing);
        }
    }

    static <T> Stream<T> stream(Iterator<T> iterator) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** The subfolders of a folder, by name. These are classes, so they are few. */
    static List<FileStatus> folders(Path parent, Configuration conf) throws IOException {
        List<FileStatus> folders = new ArrayList<>();
        try (Stream<FileStatus> all = stream(parent, conf)) {
            all.filter(FileStatus::isDirectory).forEach(folders::add);
        }
        folders.sort(Comparator.comparing(folder -> folder.getPath().getName()));
        return folders;
    }

    static byte[] read(Path file, Configuration conf) throws IOException {
        return read(file, Integer.MAX_VALUE, conf);
    }

    /** Reads at most this many bytes of a file. */
    static byte[] read(Path file, int max, Configuration conf) throws IOException {
        try (InputStream in = UserFiles.open(file, conf)) {
            return in.readNBytes(max);
        }
    }
}
