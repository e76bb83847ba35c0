package io.resnetspark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The files of a directory with their digests, as manifest.json; written last. */
public record Manifest(Map<String, FileDigest> files) {
    public static final String FILE = "manifest.json";

    public Manifest {
        files = Map.copyOf(files);
        for (String name : files.keySet()) {
            if (!name.matches("[^/:]+(/[^/:]+)*") || name.matches("(.*/)?\\.\\.?(/.*)?") || name.equals(FILE)) {
                throw new IllegalArgumentException("'" + name + "' is no name of a file within a directory");
            }
        }
    }

    /** Writes the manifest of everything in the draft. */
    public static Manifest seal(Draft draft) throws IOException {
        Manifest manifest = new Manifest(draft.digests());
        byte[] json = Json.PRETTY.writeValueAsBytes(Map.of("files", new java.util.TreeMap<>(manifest.files)));
        draft.write(FILE, json);
        return manifest;
    }

    /**
     * Reads the manifest of a directory.
     *
     * @throws DamagedException if there is none, or none that can be read
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

    /** What is wrong with a directory, a sentence a file; nothing if all is well. */
    public List<String> problems(Path directory, Configuration conf) throws IOException {
        List<String> problems = new ArrayList<>();
        for (String name : new java.util.TreeSet<>(files.keySet())) {
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
