package io.resnetspark.data.source;

import io.resnetspark.data.SourceImage;
import io.resnetspark.data.Split;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** The least that is read at once, and known again at the next run: a file, or a stretch of an archive. */
public interface InputUnit extends Serializable {
    /** The same at every run, and no other unit's. */
    String id();

    /** The key of its one picture; null for an archive. */
    default String key() {
        return null;
    }

    /** In bytes, as far as listing tells. */
    long length();

    /** Since 1970, in milliseconds; 0 where nobody knows. */
    long modificationTime();

    /** Roughly, for those who watch. */
    default long estimatedImages() {
        return 1;
    }

    /** Whether it is none of the corpus' pictures, such as Thumbs.db: counted and never read. */
    default boolean isSkipped() {
        return false;
    }

    /** Its pictures whose split the corpus leaves to us, without their bytes. */
    default Iterator<UnassignedImage> unassigned(Configuration conf) throws IOException {
        return Collections.emptyIterator();
    }

    /** The same, with splits for some of its pictures whose split the corpus leaves to us. */
    default InputUnit withSplits(Map<String, Split> splits) {
        return new UnitWithSplits(this, splits);
    }

    /** A picture whose split is not given. */
    record UnassignedImage(String key, int label) implements Serializable {}

    Iterator<SourceImage> read(Configuration conf) throws IOException;
}
