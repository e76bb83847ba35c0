package io.resnetspark.data.source;

import io.resnetspark.data.Split;
import java.io.IOException;
import java.net.URI;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The files of a folder, all of one class.
 *
 * @param prefix what stands before a file's name in its key
 * @param split null where the hash of the key decides
 */
record ClassFolder(String uri, String prefix, Split split, int label) implements Source.Listing {
    static ClassFolder of(FileStatus folder, String prefix, Split split, int label) {
        String name = folder.getPath().getName();
        return new ClassFolder(folder.getPath().toUri().toString(), prefix + name + "/", split, label);
    }

    @Override
    public Iterator<Unit> units(Configuration conf) throws IOException {
        return Sources.stream(new Path(URI.create(uri)), conf)
                .filter(FileStatus::isFile)
                .map(file -> {
                    String key = prefix + file.getPath().getName();
                    return (Unit) PictureFile.of(key, split == null ? Split.byHash(key) : split, label, file);
                })
                .iterator();
    }
}
