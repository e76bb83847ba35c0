package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** A changed unit whose images keep the splits that they had. */
record UnitWithSplits(InputUnit unit, Map<String, Split> splits) implements InputUnit {
    @Override
    public String id() {
        return unit.id();
    }

    @Override
    public String key() {
        return unit.key();
    }

    @Override
    public long length() {
        return unit.length();
    }

    @Override
    public long modificationTime() {
        return unit.modificationTime();
    }

    @Override
    public long estimatedImages() {
        return unit.estimatedImages();
    }

    @Override
    public Iterator<UnassignedImage> unassigned(Configuration conf) throws IOException {
        return Sources.stream(unit.unassigned(conf))
                .filter(image -> !splits.containsKey(image.key()))
                .iterator();
    }

    @Override
    public Iterator<SourceImage> read(Configuration conf) throws IOException {
        return Sources.stream(unit.read(conf))
                .map(image -> image.split() == null && splits.containsKey(image.key())
                        ? image.withSplit(splits.get(image.key()))
                        : image)
                .iterator();
    }
}
