package io.resnetspark.score;

import io.resnetspark.source.ListedFile;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.UserFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Files of a folder or a list.
 *
 * @param folder that names are relative to
 * @param files whose names are the images' keys; another file of the same name makes it another part
 */
record ImageFiles(String folder, List<ListedFile> files) implements ImagePartition {
    /** A task of these takes a second or more with every network, and its loss costs no more. */
    private static final int MIN_FILES = 256;

    /** Of a large folder: as many files of the output, which name nodes bear. */
    private static final int MAX_PARTS = 4000;

    /** No image that a decoder takes is longer. */
    private static final int MAX_BYTES = 256 << 20;

    /** Parts of a listing. */
    static List<ImagePartition> parts(Path folder, List<ListedFile> files) {
        List<ImagePartition> parts = new ArrayList<>();
        int each = Math.max(MIN_FILES, (files.size() + MAX_PARTS - 1) / MAX_PARTS);
        for (int from = 0; from < files.size(); from += each) {
            parts.add(new ImageFiles(
                    folder.toString(), List.copyOf(files.subList(from, Math.min(files.size(), from + each)))));
        }
        return parts;
    }

    @Override
    public String id() {
        return folder + "\n"
                + files.stream()
                        .map(file -> file.name() + " " + file.length() + " " + file.modificationTime())
                        .collect(Collectors.joining("\n"));
    }

    @Override
    public long images() {
        return files.size();
    }

    @Override
    public Iterator<KeyedImage> read(Configuration conf) {
        Path root = new Path(folder);
        return files.stream().map(file -> read(root, file.name(), conf)).iterator();
    }

    /** Where the file system does not answer, the task fails, and Spark tries it again. */
    private static KeyedImage read(Path root, String name, Configuration conf) {
        try (InputStream in = UserFiles.open(Locations.of(name, root), conf)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            return bytes.length > MAX_BYTES
                    ? KeyedImage.missing(name, "more than " + (MAX_BYTES >> 20) + " MiB")
                    : KeyedImage.of(name, bytes);
        } catch (FileNotFoundException missing) {
            return KeyedImage.missing(name, "there is no such file");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
