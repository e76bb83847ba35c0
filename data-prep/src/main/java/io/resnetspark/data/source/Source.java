package io.resnetspark.data.source;

import io.resnetspark.data.Split;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * A corpus of labelled photographs where it lies. The driver opens it and learns the classes; executors list it, part by
 * part, and read what was listed. No list of all pictures is ever in one place.
 */
public interface Source extends Serializable {
    /** In words, for the dataset's provenance. */
    String description();

    /** In the order of their labels. */
    List<String> classes();

    /** Height and width of the crops that networks for this corpus train on, in pixels. */
    int side();

    /** What one task lists: a folder, an archive, a table. */
    List<Listing> listings();

    /** How many pictures there must be of a split, where the corpus says so. */
    default Map<Split, Long> expected() {
        return Map.of();
    }

    /** Whether this is a published benchmark, whose pictures are the same for everyone, doubles and all. */
    default boolean isBenchmark() {
        return false;
    }

    /** A part of a corpus that can be listed on its own. */
    interface Listing extends Serializable {
        Iterator<Unit> units(Configuration conf) throws IOException;
    }
}
