package io.resnetspark.data.source;

import io.resnetspark.data.SourceImage;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;

/** The least that is read at once, and known again at the next run: a file, or a stretch of an archive. */
public interface Unit extends Serializable {
    /** The same at every run, and no other unit's. */
    String id();

    /** In bytes, as far as listing tells. */
    long length();

    /** Since 1970, in milliseconds; 0 where nobody knows. */
    long modified();

    /** Roughly, for those who watch. */
    default long pictures() {
        return 1;
    }

    Iterator<SourceImage> read(Configuration conf) throws IOException;
}
