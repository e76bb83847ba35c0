package io.resnetspark.cli;

import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Where a command writes. It is looked at before the work, which may take an hour, and nothing is overwritten. */
final class NewOutput {
    private NewOutput() {}

    /**
     * The place of a file or folder that is still to be written.
     *
     * @param name as the user wrote it
     * @param option that named it
     * @throws BadInputException if it exists
     */
    static Path of(String name, String option, Configuration conf) throws IOException {
        Path path = Locations.of(name);
        if (AtomicDirectory.fileSystem(path, conf).exists(path)) {
            throw new BadInputException(name + " exists, and nothing is overwritten. Name another " + option + ".");
        }
        return path;
    }
}
