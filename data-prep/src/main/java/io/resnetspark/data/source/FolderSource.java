package io.resnetspark.data.source;

import io.resnetspark.data.SourceImage;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Codec;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Class folders: CLASS/file, or train/CLASS/file and val/CLASS/file. Classes are numbered alphabetically; where there
 * is no val folder, one picture in ten is taken for validation by the hash of its key.
 */
final class FolderSource implements Source {
    private static final long serialVersionUID = 1;
    private static final int FILES_A_PIECE = 64;

    /** A file to read. A string, since Hadoop's Path drags its file system along. */
    private record Entry(String key, Split split, int label, String uri) implements java.io.Serializable {}

    private final String root;
    private final List<String> classes;
    private final List<Entry> entries;

    private FolderSource(String root, List<String> classes, List<Entry> entries) {
        this.root = root;
        this.classes = classes;
        this.entries = entries;
    }

    static FolderSource open(Path root, Configuration conf) throws IOException {
        List<FileStatus> top = folders(root, conf);
        boolean train = has(top, Split.TRAIN);
        boolean val = has(top, Split.VAL);
        if (val && !train) {
            throw new BadInputException(root + " has a folder val but none named train.");
        }
        // What stands before CLASS/file in a key.
        List<String> prefixes = !train ? List.of("") : val ? List.of("train/", "val/") : List.of("train/");

        TreeSet<String> names = new TreeSet<>();
        for (String prefix : prefixes) {
            folders(below(root, prefix), conf)
                    .forEach(folder -> names.add(folder.getPath().getName()));
        }
        if (names.size() < 2) {
            throw new BadInputException(root + " has " + (names.isEmpty() ? "no class folders" : "one class, " + names)
                    + "; a classifier needs at least two. Wanted: CLASS/picture.jpg, or train/CLASS/picture.jpg and "
                    + "val/CLASS/picture.jpg.");
        }
        List<String> classes = List.copyOf(names);
        List<Entry> entries = new ArrayList<>();
        for (String prefix : prefixes) {
            for (FileStatus folder : folders(below(root, prefix), conf)) {
                entries.addAll(files(folder.getPath(), prefix, val, classes, conf));
            }
        }
        if (entries.isEmpty()) {
            throw new BadInputException("The class folders of " + root + " are empty.");
        }
        return new FolderSource(root.toString(), classes, entries);
    }

    private static List<Entry> files(
            Path folder, String prefix, boolean splitByFolder, List<String> classes, Configuration conf)
            throws IOException {
        int label = classes.indexOf(folder.getName());
        List<Entry> entries = new ArrayList<>();
        for (FileStatus file : Sources.list(folder, conf)) {
            if (file.isFile()) {
                String key = prefix + folder.getName() + "/" + file.getPath().getName();
                Split split = splitByFolder ? Split.named(prefix.replace("/", "")) : Split.byHash(key);
                entries.add(new Entry(key, split, label, file.getPath().toUri().toString()));
            }
        }
        return entries;
    }

    private static Path below(Path root, String prefix) {
        return prefix.isEmpty() ? root : new Path(root, prefix);
    }

    private static boolean has(List<FileStatus> folders, Split split) {
        return folders.stream().anyMatch(folder -> folder.getPath().getName().equals(split.folder()));
    }

    private static List<FileStatus> folders(Path parent, Configuration conf) throws IOException {
        return Sources.list(parent, conf).stream()
                .filter(FileStatus::isDirectory)
                .toList();
    }

    @Override
    public String description() {
        return "class folders at " + root;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int side() {
        return 224;
    }

    @Override
    public long images() {
        return entries.size();
    }

    @Override
    public List<Piece> pieces() {
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < entries.size(); i += FILES_A_PIECE) {
            List<Entry> some = new ArrayList<>(entries.subList(i, Math.min(entries.size(), i + FILES_A_PIECE)));
            pieces.add(conf -> read(some, conf));
        }
        return pieces;
    }

    private static Iterator<SourceImage> read(List<Entry> some, Configuration conf) {
        return some.stream()
                .map(entry -> {
                    try {
                        byte[] bytes = Sources.read(new Path(URI.create(entry.uri)), Codec.MOST_BYTES + 1, conf);
                        return new SourceImage(entry.key, entry.split, entry.label, bytes);
                    } catch (IOException unreadable) {
                        throw new UncheckedIOException(unreadable);
                    }
                })
                .iterator();
    }
}
