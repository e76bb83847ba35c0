package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * A corpus of labelled photographs in its original place. The driver opens it and finds the classes; executors list it
 * in parts and read what was listed. The full list of images is never held in one place.
 *
 * @param description for the dataset's provenance
 * @param classes in the order of their labels
 * @param cropSide height and width of the crops that networks for this corpus train on, in pixels
 * @param listings one per listing task: a folder, an archive, a table
 * @param expectedImages the number of images per split, if the corpus defines it
 * @param isBenchmark whether this is a published benchmark, which must stay the same for everyone, including duplicates
 * @param remarks notes on interpretations that a user may not expect
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

    /**
     * A user's own photographs, in any number.
     *
     * @param classes in the order of their labels
     */
    public static Source ofPhotographs(
            String description, List<String> classes, List<? extends Listing> listings, List<String> remarks) {
        return new Source(description, classes, PHOTOGRAPHS, List.copyOf(listings), Map.of(), false, remarks);
    }

    /** A part of a corpus that can be listed separately. */
    @FunctionalInterface
    public interface Listing extends Serializable {
        Iterator<InputUnit> units(Configuration conf) throws IOException;
    }
}
