package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import java.io.IOException;
import java.net.URI;
import java.util.Iterator;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The files of a folder and its subfolders, all of one class.
 *
 * @param prefix of a file's key
 * @param split null if the corpus does not define one
 */
record ClassFolder(String uri, String prefix, Split split, int label) implements Source.Listing {
    static ClassFolder of(FileStatus folder, String prefix, Split split, int label) {
        String name = folder.getPath().getName();
        return new ClassFolder(folder.getPath().toUri().toString(), prefix + name + "/", split, label);
    }

    @Override
    public Iterator<InputUnit> units(Configuration conf) throws IOException {
        return Sources.stream(new FolderWalk(new Path(URI.create(uri)), Set.of(), conf))
                .<InputUnit>map(found -> {
                    String key = prefix + found.name();
                    return found.isSkipped() ? new SkippedFile(key) : ImageFile.of(key, split, label, found.file());
                })
                .iterator();
    }

    /** Files beside the class folders: none of them is an image of the corpus, but all are counted. */
    record OtherFiles(String uri, String prefix, Set<String> classes) implements Source.Listing {
        @Override
        public Iterator<InputUnit> units(Configuration conf) throws IOException {
            return Sources.stream(new FolderWalk(new Path(URI.create(uri)), classes, conf))
                    .<InputUnit>map(found -> new SkippedFile(prefix + found.name()))
                    .iterator();
        }
    }
}
