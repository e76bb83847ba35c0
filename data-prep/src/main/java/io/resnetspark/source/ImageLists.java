package io.resnetspark.source;

import io.resnetspark.dataset.ParquetRows;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Finds images that need no labels: files of a folder, and paths in tables. */
public final class ImageLists {
    private static final String PATH = "path";

    /**
     * A file as its folder lists it.
     *
     * @param name relative to the folder that was walked
     * @param length in bytes
     * @param modificationTime in milliseconds since 1970
     */
    public record ListedFile(String name, long length, long modificationTime) {}

    private ImageLists() {}

    /** The Parquet files directly in a folder, or the one file; none where there are none. */
    public static List<FileStatus> parquet(Path place, Configuration conf) throws IOException {
        return Tables.parquet(place, conf).stream()
                .filter(file -> file.getPath().getName().endsWith(".parquet"))
                .sorted()
                .toList();
    }

    /** @throws BadInputException if it is no Parquet file */
    public static boolean hasColumn(Path table, String column, Configuration conf) throws IOException {
        return ParquetRows.columns(table, conf).contains(column);
    }

    /**
     * The column path of a CSV file or of Parquet files, in the order of their rows.
     *
     * @param tables Parquet files; none for a CSV file
     * @throws BadInputException if there is no such column, or a row without a path
     */
    public static List<String> paths(Path place, List<FileStatus> tables, Configuration conf) throws IOException {
        List<String> paths = new ArrayList<>();
        if (tables.isEmpty()) {
            Iterator<Function<String, String>> rows = Tables.csv(place, List.of(PATH), List.of(), conf);
            rows.forEachRemaining(row -> paths.add(row.apply(PATH)));
        }
        for (FileStatus table : tables) {
            Tables.parquetRows(table.getPath(), List.of(PATH), List.of(), conf)
                    .forEachRemaining(row -> paths.add(row.apply(PATH)));
        }
        int blank = paths.stream().map(String::isBlank).toList().indexOf(true);
        if (blank >= 0) {
            throw new BadInputException(place + " has no path in its row " + (blank + 1) + ". Fix the list.");
        }
        return paths;
    }

    /** Files below a folder at any depth, in the order of their names, without those that no image is called like (Thumbs.db). */
    public static List<ListedFile> files(Path folder, Configuration conf) throws IOException {
        List<ListedFile> files = new ArrayList<>();
        new FolderWalk(folder, Set.of(), conf).forEachRemaining(found -> {
            if (!found.isSkipped()) {
                FileStatus file = found.file();
                files.add(new ListedFile(found.name(), file.getLen(), file.getModificationTime()));
            }
        });
        files.sort(Comparator.comparing(ListedFile::name));
        return files;
    }
}
