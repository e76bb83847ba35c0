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
 *
 * @param description in words, for the dataset's provenance
 * @param classes in the order of their labels
 * @param cropSide height and width of the crops that networks for this corpus train on, in pixels
 * @param listings what one task lists each: a folder, an archive, a table
 * @param expectedImages how many pictures there must be of a split, where the corpus says so
 * @param isBenchmark whether this is a published benchmark, whose pictures are the same for everyone, doubles and all
 * @param remarks how it was understood, where somebody might have meant something else
 */
public record Source(
        String description,
        List<String> classes,
        int cropSide,
        List<Listing> listings,
        Map<Split, Long> expectedImages,
        boolean isBenchmark,
        List<String> remarks) {
    private static final int PHOTOGRAPHS = 224;

    /** Somebody's own photographs. */
    static Source ofPhotographs(
            String description, List<String> classes, List<? extends Listing> listings, List<String> remarks) {
        return new Source(description, classes, PHOTOGRAPHS, List.copyOf(listings), Map.of(), false, remarks);
    }

    /** A part of a corpus that can be listed on its own. */
    @FunctionalInterface
    public interface Listing extends Serializable {
        Iterator<InputUnit> units(Configuration conf) throws IOException;
    }
}
