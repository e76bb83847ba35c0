package io.resnetspark.data.source;

import io.resnetspark.data.Split;
import java.io.IOException;
import java.net.URI;
import java.util.Iterator;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The files of a folder and of the folders in it, all of one class.
 *
 * @param prefix what stands before a file's name in its key
 * @param split null where the corpus leaves it to us
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

    /** What lies in a folder beside class folders: none of it is a picture of the corpus, but all of it is counted. */
    record OtherFiles(String uri, String prefix, Set<String> classes) implements Source.Listing {
        @Override
        public Iterator<InputUnit> units(Configuration conf) throws IOException {
            return Sources.stream(new FolderWalk(new Path(URI.create(uri)), classes, conf))
                    .<InputUnit>map(found -> new SkippedFile(prefix + found.name()))
                    .iterator();
        }
    }
}
