package io.resnetspark.storage;

import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;

/** Places as people write them: any Hadoop URI; without a scheme, this machine's disk, whatever Hadoop's default is. */
public final class Locations {
    private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*:/.*", Pattern.DOTALL);

    /** Of a URI, or of one within another, as jar:ftp://... has it. */
    private static final Pattern AUTHORITY = Pattern.compile("://([^/]*)");

    private static final Pattern LOGIN = Pattern.compile(".*(:|%3[aA]).*@.*");

    /** What follows its colon is no port, so perhaps a password with a slash in it; [::1] is an address. */
    private static final Pattern ODD_PORT = Pattern.compile("[^\\[]*:(?!\\d*$).*");

    private Locations() {}

    /**
     * Reads one.
     *
     * @throws BadInputException if it is none, or has a password in it
     */
    public static Path of(String place) {
        refusePassword(place);
        if (place.isBlank()) {
            throw new BadInputException("A place is empty; wanted a path or a URI such as hdfs://host/folder.");
        }
        if (SCHEME.matcher(place).matches()) {
            return uri(place);
        }
        return new Path("file", null, LocalFileNames.parse(place).toString());
    }

    /** The same; without a scheme, a path below a folder, or an absolute one of the folder's file system. */
    public static Path of(String place, Path folder) {
        refusePassword(place);
        return SCHEME.matcher(place).matches() ? uri(place) : child(folder, place);
    }

    /** A name below a folder, whatever it is: {@code new Path(folder, "12:30.jpg")} takes 12 for a scheme, and fails. */
    public static Path child(Path folder, String name) {
        return new Path(folder, new Path(null, null, name));
    }

    /** A hidden name beside a path, made of its own. */
    public static Path hiddenSibling(Path path, String suffix) {
        return child(path.getParent(), "." + path.getName() + suffix);
    }

    /** Manifests, logs and records of events say where things lie, so nothing secret may stand in a place. */
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
            return "file".equals(path.toUri().getScheme()) ? LocalFileNames.requireWritable(path) : path;
        } catch (IllegalArgumentException wrong) {
            throw new BadInputException("'" + place + "' is no URI: " + wrong.getMessage(), wrong);
        }
    }
}
