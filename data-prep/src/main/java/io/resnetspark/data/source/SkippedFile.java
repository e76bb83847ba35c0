package io.resnetspark.data.source;

import io.resnetspark.data.SourceImage;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/** A file that lies in a corpus and is none of its pictures: what systems leave there, or what lies beside the classes. */
record SkippedFile(String id) implements Unit {
    private static final Set<String> LEFT_BY_SYSTEMS = Set.of("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini");

    /** Whether a file or folder of this name is never looked into. */
    static boolean isNamed(String name) {
        return name.startsWith(".") || LEFT_BY_SYSTEMS.contains(name.toLowerCase(Locale.ROOT));
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
    public long modified() {
        return 0;
    }

    @Override
    public Iterator<SourceImage> read(Configuration conf) {
        throw new UnsupportedOperationException(id + " is skipped");
    }
}
