package io.resnetspark.source;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A layout of corpora. {@link java.util.ServiceLoader} finds it: name its class in {@code
 * META-INF/services/io.resnetspark.source.SourceProvider} of a jar on the class path.
 */
public interface SourceProvider {
    /** By which {@code prepare} and plans call it, as folders. */
    String name();

    /** What lies there, in half a line for the help text. */
    String description();

    /**
     * Opens a corpus; reads no more than its classes need.
     *
     * @throws io.resnetspark.storage.BadInputException if there is no corpus of this layout, saying what is wanted
     */
    Source open(Path from, Configuration conf) throws IOException;
}
