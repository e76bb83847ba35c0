package io.resnetspark.score;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.source.ImageLists;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Images to be scored, labelled or not, in the order of their keys as far as they are files.
 *
 * @param description for people
 */
record ImageInput(String description, List<ImagePartition> parts) {
    /**
     * Finds out what lies there: a dataset; a folder with Parquet files of the columns path and content; a table (CSV or
     * Parquet) with a column path; else a folder whose files, at any depth, are images.
     *
     * @throws BadInputException if there is nothing to score
     */
    static ImageInput open(Path place, Configuration conf) throws IOException {
        ImageInput input = find(place, conf);
        if (input.parts.isEmpty()) {
            throw new BadInputException(
                    "There are no images at " + place + ". Wanted: a folder of image files, a dataset,"
                            + " a CSV or Parquet table with a column path, or Parquet files with the columns path and content.");
        }
        return input;
    }

    private static ImageInput find(Path place, Configuration conf) throws IOException {
        FileSystem files = place.getFileSystem(conf);
        if (!files.exists(place)) {
            throw new BadInputException("There is nothing at " + place + ".");
        }
        if (files.exists(new Path(place, Dataset.FILE))) {
            return dataset(place, conf);
        }
        List<FileStatus> tables = ImageLists.parquet(place, conf);
        if (!tables.isEmpty() && ImageLists.hasColumn(tables.get(0).getPath(), "content", conf)) {
            return new ImageInput(
                    "table " + place,
                    tables.stream()
                            .map(file -> table(file, "path", "content", 0))
                            .toList());
        }
        if (!tables.isEmpty() || place.getName().endsWith(".csv")) {
            List<String> names = ImageLists.paths(place, tables, conf);
            Path folder = files.getFileStatus(place).isFile() ? place.getParent() : place;
            return new ImageInput("list " + place, ImageFiles.named(folder, names));
        }
        return new ImageInput("folder " + place, ImageFiles.listed(place, ImageLists.files(place, conf)));
    }

    private static ImageInput dataset(Path place, Configuration conf) throws IOException {
        Dataset.Opened data = Dataset.open(place, conf);
        List<ImagePartition> parts = new ArrayList<>();
        for (List<Dataset.Shard> shards : data.dataset().splits().values()) {
            for (Dataset.Shard shard : shards) {
                Path file = new Path(data.path(), shard.path());
                parts.add(table(file.getFileSystem(conf).getFileStatus(file), "key", "image", shard.examples()));
            }
        }
        return new ImageInput("dataset " + place, parts);
    }

    private static ImagePartition table(FileStatus file, String key, String content, long images) {
        return new TablePart(
                file.getPath().toString(), file.getLen(), file.getModificationTime(), key, content, images);
    }

    /** As far as is known. */
    long images() {
        return parts.stream().mapToLong(ImagePartition::images).sum();
    }
}
