package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/**
 * An image in its own file.
 *
 * @param key unique in the corpus and stable between runs
 * @param uri a string, because Hadoop's Path serializes its file system too
 * @param split null if the corpus does not define one
 * @param label -1 if its class is unknown
 */
public record ImageFile(String id, String key, Split split, int label, String uri, long length, long modificationTime)
        implements InputUnit {
    /** A file of a corpus; parameters as of the record. */
    public static ImageFile of(String key, Split split, int label, FileStatus file) {
        return new ImageFile(
                key, key, split, label, file.getPath().toUri().toString(), file.getLen(), file.getModificationTime());
    }

    @Override
    public Iterator<UnassignedImage> unassigned(Configuration conf) {
        return split != null || label < 0
                ? Collections.emptyIterator()
                : List.of(new UnassignedImage(key, label)).iterator();
    }

    @Override
    public Iterator<SourceImage> read(Configuration conf) throws IOException {
        return List.of(image(conf)).iterator();
    }

    private SourceImage image(Configuration conf) throws IOException {
        try {
            byte[] bytes = Sources.read(new Path(URI.create(uri)), ImageCodec.MAX_BYTES + 1, conf);
            return label < 0
                    ? SourceImage.unusable(key, split, bytes, "no class is known for it")
                    : new SourceImage(key, split, label, bytes);
        } catch (FileNotFoundException missing) {
            return SourceImage.unusable(key, split, new byte[0], "missing");
        } catch (AccessDeniedException | AccessControlException forbidden) { // of a local disk, of HDFS
            return SourceImage.unusable(key, split, new byte[0], "not readable: no permission");
        }
    }
}
