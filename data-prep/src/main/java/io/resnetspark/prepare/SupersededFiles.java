package io.resnetspark.prepare;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Split;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Renames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Files of a dataset that a new version makes obsolete. They are named neither by the new version nor by the previous
 * one, so a reader of either finds all its files until the next version. The list is published with the version's
 * files, so that the next job deletes what an interrupted one did not.
 *
 * @param version that makes them obsolete; the list has no effect before it is published
 * @param files relative to the dataset
 */
record SupersededFiles(int version, List<String> files) {
    private static final String FILE = "superseded.json";

    /**
     * Collects them before the next version's files are moved in; files that others add later are not touched.
     *
     * @param released lines of quarantine tables that no longer hold
     * @param retained lines that still hold
     */
    static SupersededFiles of(
            Path target, Dataset now, Dataset next, List<String> released, List<String> retained, Configuration conf)
            throws IOException {
        Set<String> named = new HashSet<>();
        for (Dataset dataset : List.of(now, next)) {
            dataset.splits().values().stream()
                    .flatMap(List::stream)
                    .map(Shard::path)
                    .forEach(named::add);
            dataset.runs().forEach(run -> named.add(Dataset.INDEX + "/" + run));
            named.add(meanImage(dataset));
        }
        next.runs().forEach(run -> named.add(QuarantineTable.FOLDER + "/" + QuarantineTable.name(run)));
        retained.forEach(line -> named.add(quarantined(line)));
        List<String> files = new ArrayList<>();
        for (Split split : Split.values()) {
            files.addAll(list(target, split.folder() + "/", "", conf));
        }
        files.addAll(list(target, Dataset.INDEX + "/", "", conf));
        files.addAll(list(target, QuarantineTable.FOLDER + "/", "reasons", conf));
        files.addAll(list(target, "", "mean-image", conf));
        released.forEach(line -> files.add(quarantined(line)));
        return new SupersededFiles(
                next.version(),
                files.stream().filter(file -> !named.contains(file)).toList());
    }

    private static String meanImage(Dataset dataset) {
        return dataset.meanImageFile() == null ? Dataset.MEAN_IMAGE : dataset.meanImageFile();
    }

    private static String quarantined(String line) {
        return QuarantineTable.FOLDER + "/" + QuarantineTable.file(line);
    }

    private static List<String> list(Path target, String folder, String prefix, Configuration conf) throws IOException {
        return Stream.of(Renames.list(folder.isEmpty() ? target : new Path(target, folder), conf))
                .map(FileStatus::getPath)
                .map(Path::getName)
                .filter(name -> name.startsWith(prefix))
                .map(name -> folder + name)
                .toList();
    }

    /** Adds the list to the version's files. */
    void write(AtomicDirectory directory) throws IOException {
        directory.write(FILE, Json.PRETTY.writeValueAsBytes(this));
    }

    /** Deletes the obsolete files of a version, if they were not deleted yet. */
    static void delete(Path target, int version, Configuration conf) throws IOException {
        FileSystem files = target.getFileSystem(conf);
        Path list = new Path(target, FILE);
        if (!files.exists(list)) {
            return;
        }
        SupersededFiles superseded = Json.read(list, SupersededFiles.class, conf);
        if (superseded.version == version) {
            for (String file : superseded.files) {
                if (!Manifest.isRelative(file)) {
                    throw new DamagedException(list, List.of(file + " is no file of this dataset"));
                }
                files.delete(Locations.child(target, file), true);
            }
        }
        files.delete(list, false);
    }
}
