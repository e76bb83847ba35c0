package io.resnetspark.prepare;

import io.resnetspark.source.InputUnit;
import io.resnetspark.source.Source;
import io.resnetspark.source.SourceImage;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;

/** A source that lists the same units as another, and reads them in another way. */
final class ReplacedReads {
    /** Runs on executors. */
    @FunctionalInterface
    interface Read extends Serializable {
        Iterator<SourceImage> of(InputUnit unit, Configuration conf) throws IOException;
    }

    private ReplacedReads() {}

    static Source in(Source real, Read read) {
        List<Source.Listing> listings = real.listings().stream()
                .<Source.Listing>map(listing -> conf -> StreamSupport.stream(
                                Spliterators.spliteratorUnknownSize(listing.units(conf), Spliterator.ORDERED), false)
                        .<InputUnit>map(unit -> new Unit(unit, read))
                        .iterator())
                .toList();
        return new Source(
                real.description(),
                real.classes(),
                real.cropSide(),
                listings,
                real.expectedImages(),
                real.isBenchmark(),
                real.remarks());
    }

    private record Unit(InputUnit real, Read read) implements InputUnit {
        @Override
        public String id() {
            return real.id();
        }

        @Override
        public String key() {
            return real.key();
        }

        @Override
        public long length() {
            return real.length();
        }

        @Override
        public long modificationTime() {
            return real.modificationTime();
        }

        @Override
        public Iterator<UnassignedImage> unassigned(Configuration conf) throws IOException {
            return real.unassigned(conf);
        }

        @Override
        public Iterator<SourceImage> read(Configuration conf) throws IOException {
            return read.of(real, conf);
        }
    }
}
