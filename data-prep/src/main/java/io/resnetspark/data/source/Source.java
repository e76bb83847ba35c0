package io.resnetspark.data.source;

import io.resnetspark.data.SourceImage;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** A corpus of labelled photographs where it lies. Opened on the driver, read in pieces on executors. */
public interface Source extends Serializable {
    /** In words, for the dataset's provenance. */
    String description();

    /** In the order of their labels. */
    List<String> classes();

    /** Height and width of the crops that networks for this corpus train on, in pixels. */
    int side();

    long images();

    List<Piece> pieces();

    /** What one task reads. */
    interface Piece extends Serializable {
        Iterator<SourceImage> read(Configuration conf) throws IOException;
    }
}
