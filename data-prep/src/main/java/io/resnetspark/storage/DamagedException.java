package io.resnetspark.storage;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** A directory whose files do not match its manifest. */
public final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    public DamagedException(Path directory, List<String> problems) {
        super(directory + " is damaged and was not used:\n  " + String.join("\n  ", problems)
                + "\nCopy it again from where it came from, or make it anew.");
    }
}
