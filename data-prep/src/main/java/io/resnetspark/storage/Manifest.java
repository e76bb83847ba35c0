package io.resnetspark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The files of a directory with their digests, as manifest.json; written last. */
public record Manifest(Map<String, FileDigest> files) {
    public static final String FILE = "manifest.json";

    public Manifest {
        files = Map.copyOf(files);
    }

    /** Writes the manifest of everything in the draft. */
    public static Manifest seal(Draft draft) throws IOException {
        Manifest manifest = new Manifest(draft.digests());
        byte[] json = Json.PRETTY.writeValueAsBytes(Map.of("files", new java.util.TreeMap<>(manifest.files)));
        draft.write(FILE, json);
        return manifest;
    }

    /** Reads the manifest of a directory. */
    public static Manifest of(Path directory, Configuration conf) throws IOException {
        try (InputStream in = directory.getFileSystem(conf).open(new Path(directory, FILE))) {
            return Json.PRETTY.readValue(in, Manifest.class);
        }
    }

    /** What is wrong with a directory, a sentence a file; nothing if all is well. */
    public List<String> problems(Path directory, Configuration conf) throws IOException {
        FileSystem system = directory.getFileSystem(conf);
        List<String> problems = new ArrayList<>();
        for (String name : new java.util.TreeSet<>(files.keySet())) {
            FileDigest wanted = files.get(name);
            try {
                FileDigest found = Digests.of(system.open(new Path(directory, name)));
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
