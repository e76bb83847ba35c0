package io.resnetspark.data.source;

import io.resnetspark.data.Split;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Class folders: CLASS/file, or train/CLASS/file and val/CLASS/file. Classes are numbered alphabetically; where there
 * is no val folder, one picture in ten is taken for validation by the hash of its key.
 */
final class FolderSource {
    private FolderSource() {}

    static Source open(Path root, Configuration conf) throws IOException {
        List<FileStatus> top = Sources.folders(root, conf);
        boolean train = has(top, Split.TRAIN);
        boolean val = has(top, Split.VAL);
        if (val && !train) {
            throw new BadInputException(root + " has a folder val but none named train.");
        }
        // What stands before CLASS/file in a key.
        List<String> prefixes = !train ? List.of("") : val ? List.of("train/", "val/") : List.of("train/");

        TreeSet<String> names = new TreeSet<>();
        for (String prefix : prefixes) {
            Sources.folders(below(root, prefix), conf)
                    .forEach(folder -> names.add(folder.getPath().getName()));
        }
        if (names.size() < 2) {
            throw new BadInputException(root + " has " + (names.isEmpty() ? "no class folders" : "one class, " + names)
                    + "; a classifier needs at least two. Wanted: CLASS/picture.jpg, or train/CLASS/picture.jpg and "
                    + "val/CLASS/picture.jpg.");
        }
        List<String> classes = List.copyOf(names);
        List<Source.Listing> listings = new ArrayList<>();
        for (String prefix : prefixes) {
            Split split = val ? Split.named(prefix.replace("/", "")) : null;
            for (FileStatus folder : Sources.folders(below(root, prefix), conf)) {
                int label = classes.indexOf(folder.getPath().getName());
                listings.add(ClassFolder.of(folder, prefix, split, label));
            }
        }
        return Source.ofPhotographs("class folders at " + root, classes, listings);
    }

    private static Path below(Path root, String prefix) {
        return prefix.isEmpty() ? root : new Path(root, prefix);
    }

    private static boolean has(List<FileStatus> folders, Split split) {
        return folders.stream().anyMatch(folder -> folder.getPath().getName().equals(split.folder()));
    }
}
