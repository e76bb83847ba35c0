package io.resnetspark.source;

import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/** A file in a corpus that is not an image of it: left by an operating system, or beside the classes. */
record SkippedFile(String id) implements InputUnit {
    private static final Set<String> SYSTEM_FILES = Set.of("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini");

    /** Whether files and folders of this name are never read. */
    static boolean isSkippedName(String name) {
        return name.startsWith(".") || SYSTEM_FILES.contains(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean isSkipped() {
        return true;
    }

    @Override
    public long length() {
        return 0;
    }

    @Override
    public long modificationTime() {
        return 0;
    }

    @Override
    public Iterator<SourceImage> read(Configuration conf) {
        throw new UnsupportedOperationException(id + " is skipped");
    }
}
