package io.resnetspark.source;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;

/** The images of a tar. */
record TarImages(TarArchive tar, Labeller labeller) implements InputUnit {
    /** Of an ImageNet photograph. */
    static final long TYPICAL_IMAGE_BYTES = 110_000;

    /** Derives key and label from an image's name. */
    @FunctionalInterface
    interface Labeller extends Serializable {
        SourceImage label(String name, byte[] bytes);
    }

    @Override
    public String id() {
        return tar.name() + "@" + tar.start();
    }

    @Override
    public long length() {
        return tar.length();
    }

    @Override
    public long estimatedImages() {
        return length() / TYPICAL_IMAGE_BYTES + 1;
    }

    @Override
    public long modificationTime() {
        return tar.modificationTime();
    }

    @Override
    public Iterator<SourceImage> read(Configuration conf) throws IOException {
        Iterator<TarArchive.Entry> entries = tar.entries(conf);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public SourceImage next() {
                TarArchive.Entry entry = entries.next();
                return labeller.label(entry.name(), entry.bytes());
            }
        };
    }
}
