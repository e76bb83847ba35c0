package io.resnetspark.score;

import io.resnetspark.source.ImageLists.ListedFile;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.UserFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Files of a folder or a list.
 *
 * @param folder that names are relative to
 * @param names which are the images' keys
 * @param states digest of the files' lengths and modification times, where their folder was listed; else null
 */
record ImageFiles(String folder, List<String> names, String states) implements ImagePartition {
    /** A task of these takes a second or more with every network, and its loss costs no more. */
    private static final int MIN_FILES = 256;

    /** Of a large folder: as many files of the output, which name nodes bear. */
    private static final int MAX_PARTS = 4000;

    /** No image that a decoder takes is longer. */
    private static final int MAX_BYTES = 256 << 20;

    /** Parts of a folder's files. */
    static List<ImagePartition> listed(Path folder, List<ListedFile> files) {
        return parts(
                files,
                some -> new ImageFiles(
                        folder.toString(),
                        some.stream().map(ListedFile::name).toList(),
                        digest(some.stream().map(file -> state(file.length(), file.modificationTime())))));
    }

    /** Parts of a list of names: nobody has asked yet what lies there. */
    static List<ImagePartition> named(Path folder, List<String> names) {
        return parts(names, some -> new ImageFiles(folder.toString(), List.copyOf(some), null));
    }

    private static <F> List<ImagePartition> parts(List<F> files, Function<List<F>, ImagePartition> part) {
        List<ImagePartition> parts = new ArrayList<>();
        int length = Math.max(MIN_FILES, (files.size() + MAX_PARTS - 1) / MAX_PARTS);
        for (int from = 0; from < files.size(); from += length) {
            parts.add(part.apply(files.subList(from, Math.min(files.size(), from + length))));
        }
        return parts;
    }

    @Override
    public boolean isListed() {
        return states != null;
    }

    /** The digest of all that it depends on: the driver receives one of each part of a list. */
    @Override
    public String id(Configuration conf) {
        Path root = new Path(folder);
        String asked = isListed() ? states : digest(names.stream().map(name -> state(root, name, conf)));
        return digest(Stream.concat(Stream.of(folder, asked), names.stream()));
    }

    private static String state(long length, long modificationTime) {
        return length + " " + modificationTime;
    }

    private static String state(Path root, String name, Configuration conf) {
        try {
            FileStatus file = UserFiles.status(Locations.of(name, root), conf);
            return state(file.getLen(), file.getModificationTime());
        } catch (FileNotFoundException missing) {
            return "missing";
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String digest(Stream<String> lines) {
        return Digests.of(lines.collect(Collectors.joining("\n")).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public long images() {
        return names.size();
    }

    @Override
    public Iterator<KeyedImage> read(Configuration conf) {
        Path root = new Path(folder);
        return names.stream().map(name -> read(root, name, conf)).iterator();
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
