package io.resnetspark.storage;

import java.nio.file.InvalidPathException;
import java.nio.file.Paths;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;

/** Places as people write them: any Hadoop URI; without a scheme, this machine's disk, whatever Hadoop's default is. */
public final class Locations {
    private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*:.*");

    private Locations() {}

    public static Path of(String place) {
        return new Path(uri(place));
    }

    private static String uri(String place) {
        if (place.isBlank()) {
            throw new BadInputException("A place is empty; wanted a path or a URI such as hdfs://host/folder.");
        }
        if (SCHEME.matcher(place).matches()) {
            return place;
        }
        try {
            String uri = Paths.get(place).toAbsolutePath().normalize().toUri().toString();
            // A folder's URI ends with a slash or not, as the folder is there or not.
            return uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
        } catch (InvalidPathException wrong) {
            throw new BadInputException("'" + place + "' is no path: " + wrong.getMessage(), wrong);
        }
    }
}
