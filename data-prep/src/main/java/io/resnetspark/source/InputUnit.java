package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** The smallest unit that is read at once and recognised in the next run: a file, or a chunk of an archive. */
public interface InputUnit extends Serializable {
    /** Unique and stable between runs. */
    String id();

    /** The key of its only image; null for an archive. */
    default String key() {
        return null;
    }

    /** In bytes, as far as listing tells. */
    long length();

    /** In milliseconds since 1970; 0 if unknown. */
    long modificationTime();

    /** An estimate, for progress. */
    default long estimatedImages() {
        return 1;
    }

    /** Whether it is not an image of the corpus, such as Thumbs.db; it is counted but never read. */
    default boolean isSkipped() {
        return false;
    }

    /** Its images without a split, without their bytes. */
    default Iterator<UnassignedImage> unassigned(Configuration conf) throws IOException {
        return Collections.emptyIterator();
    }

    /** The same unit, with splits for some of its unassigned images. */
    default InputUnit withSplits(Map<String, Split> splits) {
        return new UnitWithSplits(this, splits);
    }

    /** An image without a split. */
    record UnassignedImage(String key, int label) implements Serializable {}

    Iterator<SourceImage> read(Configuration conf) throws IOException;
}
