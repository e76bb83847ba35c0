package io.resnetspark.storage;

import java.nio.file.InvalidPathException;
import java.nio.file.Paths;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;

/** Places as people write them: any Hadoop URI; without a scheme, this machine's disk, whatever Hadoop's default is. */
public final class Locations {
    private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*:/.*");

    /** Before the @ of an authority; the container of an abfs URI is there too, which has no colon. */
    private static final Pattern PASSWORD = Pattern.compile("[^:/]+://[^/@]*:[^/]*@.*");

    private Locations() {}

    public static Path of(String place) {
        if (place.isBlank()) {
            throw new BadInputException("A place is empty; wanted a path or a URI such as hdfs://host/folder.");
        }
        if (SCHEME.matcher(place).matches()) {
            return uri(place);
        }
        try {
            // By way of URI: a Path made of a string would take the %20 of a space for its name.
            return new Path(Paths.get(place).toAbsolutePath().normalize().toUri());
        } catch (InvalidPathException wrong) {
            throw new BadInputException("'" + place + "' is no path: " + wrong.getMessage(), wrong);
        }
    }

    private static Path uri(String place) {
        if (PASSWORD.matcher(place).matches()) { // which manifests, logs and records of events would repeat
            throw new BadInputException("'" + place.replaceFirst("://.*@", "://...@")
                    + "' has a password in it. Give it to Hadoop instead: core-site.xml, or a credential provider.");
        }
        try {
            return new Path(place);
        } catch (IllegalArgumentException wrong) {
            throw new BadInputException("'" + place + "' is no URI: " + wrong.getMessage(), wrong);
        }
    }
}
