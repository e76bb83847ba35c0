package io.resnetspark.storage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The files of a directory with their digests, stored as manifest.json; written last. */
public record Manifest(Map<String, FileDigest> files) {
    /** The longest relative path, in characters. */
    private static final int MAX_NAME_LENGTH = 1000;

    public static final String FILE = "manifest.json";
    private static final String FILES = "files";

    public Manifest {
        files = Map.copyOf(files);
        files.keySet().forEach(Manifest::requireRelative);
    }

    /**
     * Checks a file name that one of our files contains.
     *
     * @throws IllegalArgumentException if it could point outside of the directory
     */
    public static String requireRelative(String name) {
        boolean within = name.length() <= MAX_NAME_LENGTH && name.indexOf(':') < 0 && isRelative(name);
        if (!within || name.equals(FILE)) {
            throw new IllegalArgumentException("'" + name.substring(0, Math.min(100, name.length()))
                    + "' is no name of a file within a directory");
        }
        return name;
    }

    /** Whether a name points to a file below the directory. */
    public static boolean isRelative(String name) {
        return Stream.of(name.split("/", -1)).noneMatch(part -> part.matches("\\.{0,2}"));
    }

    /** Writes the manifest of all files in the directory. */
    public static Manifest write(AtomicDirectory directory) throws IOException {
        return write(directory, Map.of());
    }

    /** The same with additional fields, those of {@code head}. */
    public static Manifest write(AtomicDirectory directory, Object head) throws IOException {
        Manifest manifest = new Manifest(directory.digests());
        ObjectNode json = Json.PRETTY.valueToTree(head);
        json.set(FILES, Json.PRETTY.valueToTree(new TreeMap<>(manifest.files)));
        directory.write(FILE, Json.PRETTY.writeValueAsBytes(json));
        return manifest;
    }

    /**
     * Reads the manifest of a directory.
     *
     * @throws DamagedException if it is missing or unreadable
     */
    public static Manifest of(Path directory, Configuration conf) throws IOException {
        Path file = new Path(directory, FILE);
        try {
            return Json.read(file, Manifest.class, conf);
        } catch (FileNotFoundException missing) {
            throw new DamagedException(directory, List.of(FILE + " is missing"));
        } catch (BadInputException unreadable) {
            throw new DamagedException(directory, List.of(unreadable.getMessage()));
        }
    }

    /** The problems of a directory, one sentence per file; empty if there are none. */
    public List<String> problems(Path directory, Configuration conf) throws IOException {
        List<String> problems = new ArrayList<>();
        for (String name : new TreeSet<>(files.keySet())) {
            FileDigest wanted = files.get(name);
            try {
                FileDigest found = Digests.of(new Path(directory, name), conf);
                if (!found.equals(wanted)) {
                    problems.add(name + " has " + found.bytes() + " bytes with SHA-256 " + found.sha256()
                            + "; the manifest says " + wanted.bytes() + " with " + wanted.sha256());
                }
            } catch (FileNotFoundException missing) {
                problems.add(name + " is missing");
            }
        }
        return problems;
    }

    /** Throws a {@link DamagedException} naming every file that is not as the manifest says. */
    public void verify(Path directory, Configuration conf) throws IOException {
        List<String> problems = problems(directory, conf);
        if (!problems.isEmpty()) {
            throw new DamagedException(directory, problems);
        }
    }
}
