package io.resnetspark.data.source;

import io.resnetspark.data.SourceImage;
import io.resnetspark.data.Split;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Pictures that had a split before they were changed, and keep it. */
record SettledUnit(Unit unit, Map<String, Split> splits) implements Unit {
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
    public long modified() {
        return unit.modified();
    }

    @Override
    public long pictures() {
        return unit.pictures();
    }

    @Override
    public Iterator<Undecided> undecided(Configuration conf) throws IOException {
        return Sources.each(unit.undecided(conf))
                .filter(picture -> !splits.containsKey(picture.key()))
                .iterator();
    }

    @Override
    public Iterator<SourceImage> read(Configuration conf) throws IOException {
        return Sources.each(unit.read(conf))
                .map(image -> image.split() == null && splits.containsKey(image.key())
                        ? image.in(splits.get(image.key()))
                        : image)
                .iterator();
    }
}
