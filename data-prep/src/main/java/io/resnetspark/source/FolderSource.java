package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Class folders: CLASS/file, or train/CLASS/file and the same below val and test, by any of their names. Classes are
 * numbered alphabetically. Class folders may have subfolders.
 */
public final class FolderSource implements SourceProvider {
    /**
     * A folder of class folders.
     *
     * @param prefix of CLASS/file in a key
     * @param split null if the corpus does not define one
     */
    private record SplitFolder(Path folder, String prefix, Split split, List<FileStatus> classes) {
        static SplitFolder of(Path folder, String prefix, Split split, Configuration conf) throws IOException {
            return new SplitFolder(folder, prefix, split, Sources.folders(folder, conf));
        }

        Set<String> names() {
            return classes.stream()
                    .map(each -> each.getPath().getName())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Override
    public String name() {
        return "folders";
    }

    @Override
    public String description() {
        return "CLASS/file, or train/, val/ and test/ with class folders";
    }

    @Override
    public Source open(Path root, Configuration conf) throws IOException {
        List<FileStatus> top = Sources.folders(root, conf);
        FolderLayout layout = FolderLayout.of(root, top, conf);
        List<SplitFolder> places = splitFolders(root, layout.splits(), conf);
        TreeSet<String> names = new TreeSet<>();
        places.forEach(splitFolder -> names.addAll(splitFolder.names()));
        if (names.size() < 2) {
            throw new BadInputException(root + " has " + (names.isEmpty() ? "no class folders" : "one class, " + names)
                    + "; a classifier needs at least two. Wanted: CLASS/image.jpg, or train/CLASS/image.jpg and "
                    + "val/CLASS/image.jpg.");
        }
        List<String> classes = List.copyOf(names);
        List<Source.Listing> listings = new ArrayList<>();
        for (SplitFolder splitFolder : places) {
            for (FileStatus folder : splitFolder.classes()) {
                int label = classes.indexOf(folder.getPath().getName());
                listings.add(ClassFolder.of(folder, splitFolder.prefix(), splitFolder.split(), label));
            }
            listings.add(new ClassFolder.OtherFiles(
                    splitFolder.folder().toUri().toString(), splitFolder.prefix(), splitFolder.names()));
        }
        if (!layout.splits().isEmpty()) {
            Set<String> splits = layout.splits().values().stream()
                    .map(folder -> folder.getPath().getName())
                    .collect(Collectors.toCollection(TreeSet::new));
            listings.add(new ClassFolder.OtherFiles(root.toUri().toString(), "", splits));
        }
        return Source.ofPhotographs("class folders at " + root, classes, listings, layout.remarks());
    }

    private static List<SplitFolder> splitFolders(Path root, Map<Split, FileStatus> splits, Configuration conf)
            throws IOException {
        if (splits.isEmpty()) {
            return List.of(SplitFolder.of(root, "", null, conf));
        }
        List<SplitFolder> places = new ArrayList<>();
        for (Map.Entry<Split, FileStatus> split : splits.entrySet()) {
            Path folder = split.getValue().getPath();
            boolean ours = split.getKey() == Split.TRAIN && !splits.containsKey(Split.VAL);
            places.add(SplitFolder.of(folder, folder.getName() + "/", ours ? null : split.getKey(), conf));
        }
        return places;
    }
}
