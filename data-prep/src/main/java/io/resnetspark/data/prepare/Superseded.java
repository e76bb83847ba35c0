package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.storage.Renames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Files of a dataset that neither its version of now nor the next one names: whoever opened it in one of these two finds
 * all that it needs until there is another.
 */
final class Superseded {
    private final List<Path> files;
    private final Configuration conf;

    private Superseded(List<Path> files, Configuration conf) {
        this.files = files;
        this.conf = conf;
    }

    /** Looks, before the next version's files come in: what somebody else brings later is not touched. */
    static Superseded in(Path target, Dataset now, Dataset next, Configuration conf) throws IOException {
        Set<Path> named = new HashSet<>();
        for (Dataset dataset : List.of(now, next)) {
            dataset.splits().values().stream()
                    .flatMap(List::stream)
                    .map(Shard::path)
                    .forEach(path -> named.add(new Path(target, path)));
            dataset.runs().forEach(run -> named.add(new Path(target, Dataset.INDEX + "/" + run)));
            named.add(new Path(target, meanImage(dataset)));
        }
        next.runs().forEach(run -> named.add(new Path(target, ReasonTable.FOLDER + "/" + ReasonTable.name(run))));
        List<Path> files = new ArrayList<>();
        for (Split split : Split.values()) {
            files.addAll(list(new Path(target, split.folder()), "", conf));
        }
        files.addAll(list(new Path(target, Dataset.INDEX), "", conf));
        files.addAll(list(new Path(target, ReasonTable.FOLDER), "reasons", conf));
        files.addAll(list(target, "mean-image", conf));
        return new Superseded(
                files.stream().filter(file -> !named.contains(file)).toList(), conf);
    }

    private static String meanImage(Dataset dataset) {
        return dataset.meanImageFile() == null ? Dataset.MEAN_IMAGE : dataset.meanImageFile();
    }

    private static List<Path> list(Path folder, String prefix, Configuration conf) throws IOException {
        return Stream.of(Renames.list(folder, conf))
                .map(FileStatus::getPath)
                .map(file -> new Path(folder, file.getName()))
                .filter(file -> file.getName().startsWith(prefix))
                .toList();
    }

    /** Deletes quarantined files by the lines of tables that do not hold any more, but for those that do. */
    static void release(Path target, List<String> released, List<String> holding, Configuration conf)
            throws IOException {
        Set<String> kept = new HashSet<>();
        holding.forEach(line -> kept.add(ReasonTable.fileName(ReasonTable.key(line))));
        for (String line : released) {
            String name = ReasonTable.fileName(ReasonTable.key(line));
            if (!kept.contains(name)) {
                Path file = new Path(target, ReasonTable.FOLDER + "/" + name);
                file.getFileSystem(conf).delete(file, false);
            }
        }
    }

    void delete() throws IOException {
        for (Path file : files) {
            file.getFileSystem(conf).delete(file, true);
        }
    }
}
