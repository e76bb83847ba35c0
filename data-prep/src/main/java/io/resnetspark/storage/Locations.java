package io.resnetspark.storage;

import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;

/**
 * Parses locations as users write them: any Hadoop URI; without a scheme, a path on the local disk, whatever Hadoop's
 * default is.
 */
public final class Locations {
    private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*:/.*", Pattern.DOTALL);

    /** The authority of a URI, or of a nested one, as in jar:ftp://... */
    private static final Pattern AUTHORITY = Pattern.compile("://([^/]*)");

    private static final Pattern LOGIN = Pattern.compile(".*(:|%3[aA]).*@.*");

    /** The text after the colon is not a port, so it may be a password with a slash in it; [::1] is an address. */
    private static final Pattern ODD_PORT = Pattern.compile("[^\\[]*:(?!\\d*$).*");

    private Locations() {}

    /**
     * Parses a location.
     *
     * @throws BadInputException if it is invalid, or contains a password
     */
    public static Path of(String place) {
        refusePassword(place);
        if (place.isBlank()) {
            throw new BadInputException("A place is empty; wanted a path or a URI such as hdfs://host/folder.");
        }
        if (SCHEME.matcher(place).matches()) {
            return uri(place);
        }
        return new Path("file", null, Utf8FileNames.parse(place).toString());
    }

    /** The same; without a scheme, a path relative to a folder, or an absolute one on the folder's file system. */
    public static Path of(String place, Path folder) {
        refusePassword(place);
        return SCHEME.matcher(place).matches() ? uri(place) : child(folder, place);
    }

    /**
     * A child of a folder, for any name: {@code new Path(folder, "12:30.jpg")} would take 12 for a scheme, and fail.
     */
    public static Path child(Path folder, String name) {
        return new Path(folder, new Path(null, null, name));
    }

    /** A hidden path in the same folder, derived from a path's name. */
    public static Path hiddenSibling(Path path, String suffix) {
        return child(path.getParent(), "." + path.getName() + suffix);
    }

    /** Manifests, logs and event records contain locations, so a location must not contain a password. */
    public static void refusePassword(String place) {
        boolean found = AUTHORITY
                .matcher(place)
                .results()
                .map(match -> match.group(1))
                .anyMatch(authority -> LOGIN.matcher(authority).matches()
                        || ODD_PORT.matcher(authority).matches());
        if (found) {
            throw new BadInputException("'" + place.replaceFirst("://.*", "://...")
                    + "' has a password in it, or a port that is no number. Give passwords to Hadoop instead:"
                    + " core-site.xml, or a credential provider.");
        }
    }

    private static Path uri(String place) {
        try {
            Path path = new Path(place);
            return "file".equals(path.toUri().getScheme()) ? Utf8FileNames.requireWritable(path) : path;
        } catch (IllegalArgumentException wrong) {
            throw new BadInputException("'" + place + "' is no URI: " + wrong.getMessage(), wrong);
        }
    }
}
