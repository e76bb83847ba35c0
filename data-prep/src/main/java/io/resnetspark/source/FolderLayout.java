package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Decides which folders of a corpus are splits and which are classes. A folder named train may be either: it is a split
 * if it contains folders, and a class if it contains images. Nothing is guessed: a corpus is rejected if any image has
 * no clear place.
 *
 * @param splits empty if the folders are classes
 * @param remarks notes on interpretations that a user may not expect
 */
record FolderLayout(Map<Split, FileStatus> splits, List<String> remarks) {
    private static final Set<String> IMAGE_EXTENSIONS =
            Set.of("jpg", "jpeg", "jpe", "png", "gif", "webp", "bmp", "tif", "tiff", "ppm", "heic");

    private static final String WANTED =
            "Wanted: CLASS/image.jpg; or train/CLASS/image.jpg, and perhaps the same below val and test.";

    static FolderLayout of(Path root, List<FileStatus> top, Configuration conf) throws IOException {
        List<FileStatus> splits = new ArrayList<>();
        List<FileStatus> classes = new ArrayList<>();
        List<FileStatus> others = new ArrayList<>();
        for (FileStatus folder : top) {
            if (splitOf(folder).isEmpty()) {
                others.add(folder);
            } else {
                (holdsFolders(folder, conf) ? splits : classes).add(folder);
            }
        }
        if (splits.isEmpty()) {
            return ofClasses(root, classes, others);
        }
        others.addAll(classes);
        return ofSplits(root, splits, others, conf);
    }

    private static FolderLayout ofClasses(Path root, List<FileStatus> classes, List<FileStatus> others) {
        if (!classes.isEmpty() && others.isEmpty()) {
            throw new BadInputException(root + ": " + names(classes)
                    + " hold images and no class folders, so nothing tells their classes. " + WANTED);
        }
        return new FolderLayout(
                Map.of(),
                classes.isEmpty()
                        ? List.of()
                        : List.of("In " + root + ", " + names(classes) + (classes.size() == 1 ? " is" : " are")
                                + " taken for a class: images lie in it and no class folders. " + WANTED));
    }

    private static FolderLayout ofSplits(
            Path root, List<FileStatus> splits, List<FileStatus> others, Configuration conf) throws IOException {
        Map<Split, FileStatus> bySplit = new EnumMap<>(Split.class);
        for (FileStatus folder : splits) {
            FileStatus other = bySplit.put(splitOf(folder).orElseThrow(), folder);
            if (other != null) {
                throw new BadInputException(root + " has " + names(List.of(other, folder))
                        + ", which are names of the same split. Leave one of them, or put both into one.");
            }
        }
        List<FileStatus> leftOut = new ArrayList<>();
        for (FileStatus folder : others) {
            if (holdsFiles(folder, conf)) {
                leftOut.add(folder);
            }
        }
        if (!bySplit.containsKey(Split.TRAIN)) {
            throw new BadInputException(root + " has a folder " + names(splits)
                    + " with class folders in it, but none named train. " + WANTED);
        }
        if (!leftOut.isEmpty()) {
            throw new BadInputException(root + " has class folders below " + names(splits) + ", so images in "
                    + names(leftOut) + " would be left out. Move these folders away or into the splits' class folders;"
                    + " or, if " + names(splits) + " are classes themselves, put all classes into one folder "
                    + root + "/train. " + WANTED);
        }
        return new FolderLayout(
                bySplit,
                bySplit.containsKey(Split.TEST) && !bySplit.containsKey(Split.VAL)
                        ? List.of("The split test is kept apart; images to validate on are taken from train, about one"
                                + " in ten of each class.")
                        : List.of());
    }

    /**
     * Whether a folder with the name of a split contains class folders.
     *
     * @throws BadInputException if it contains both images and folders of images
     */
    private static boolean holdsFolders(FileStatus folder, Configuration conf) throws IOException {
        List<FileStatus> folders = Sources.folders(folder.getPath(), conf);
        if (!holdsImages(folder.getPath(), conf)) {
            return !folders.isEmpty();
        }
        for (FileStatus below : folders) {
            if (holdsFiles(below, conf)) {
                throw new BadInputException(folder.getPath() + " holds images of its own and folders of images, such"
                        + " as " + below.getPath().getName()
                        + ", so it may be a split or a class. If it is a split, move"
                        + " the images into class folders; if it is a class, put all classes into one folder "
                        + folder.getPath().getParent() + "/train. " + WANTED);
            }
        }
        return false;
    }

    /** Whether images lie in a folder itself. */
    static boolean holdsImages(Path folder, Configuration conf) throws IOException {
        try (Stream<FileStatus> all = Sources.stream(folder, conf)) {
            return all.anyMatch(file -> file.isFile()
                    && IMAGE_EXTENSIONS.contains(extension(file.getPath().getName())));
        }
    }

    /** Whether files lie in a folder, at any depth. */
    static boolean holdsFiles(FileStatus folder, Configuration conf) throws IOException {
        FolderWalk all = new FolderWalk(folder.getPath(), Set.of(), conf);
        while (all.hasNext()) {
            if (!all.next().isSkipped()) {
                return true;
            }
        }
        return false;
    }

    private static String extension(String name) {
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    private static Optional<Split> splitOf(FileStatus folder) {
        return Split.called(folder.getPath().getName());
    }

    private static String names(List<FileStatus> folders) {
        return folders.stream()
                .map(folder -> folder.getPath().getName())
                .sorted()
                .collect(Collectors.joining(", "));
    }
}
