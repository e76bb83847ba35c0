package io.resnetspark.deploy.registry;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Draft;
import io.resnetspark.storage.Manifest;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Published models on any Hadoop path: ROOT/NAME/vN, each an artifact. A version appears by one rename and is never
 * changed afterwards; two publishers at once get two numbers.
 */
public final class Registry {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
    private static final Pattern VERSION = Pattern.compile("v([1-9][0-9]{0,8})");

    private final Path root;
    private final Configuration conf;
    private final FileSystem files;

    public Registry(Path root, Configuration conf) throws IOException {
        this.files = root.getFileSystem(conf);
        this.root = files.makeQualified(root);
        this.conf = conf;
    }

    /** A published model. */
    public record Version(String name, int number, Path path, ModelDescription description) {}

    /** Copies a verified artifact in, under the next number. */
    public Version publish(String name, ModelArtifact artifact) throws IOException {
        checkName(name);
        Manifest manifest = Manifest.of(artifact.path(), conf);
        for (int number = newest(name).orElse(0) + 1; ; number++) {
            Path target = path(name, number);
            if (files.exists(target)) {
                continue;
            }
            try (Draft draft = Draft.of(target, conf)) {
                copy(artifact, manifest, draft);
                if (commit(draft)) {
                    return new Version(name, number, target, artifact.description());
                }
            }
        }
    }

    private void copy(ModelArtifact artifact, Manifest manifest, Draft draft) throws IOException {
        for (String file : new TreeMap<>(manifest.files()).keySet()) {
            try (InputStream in = artifact.path().getFileSystem(conf).open(new Path(artifact.path(), file))) {
                draft.write(file, in::transferTo);
            }
        }
        if (!Manifest.seal(draft).equals(manifest)) {
            throw new IOException(artifact.path() + " changed while it was copied; nothing was published.");
        }
    }

    /** False if somebody else published under this number meanwhile. */
    private static boolean commit(Draft draft) throws IOException {
        try {
            draft.commit();
            return true;
        } catch (FileAlreadyExistsException taken) {
            return false;
        }
    }

    /** All versions of all models, by name and number. */
    public List<Version> list() throws IOException {
        List<Version> versions = new ArrayList<>();
        for (String reference : references()) {
            versions.add(find(reference));
        }
        return versions;
    }

    /** NAME@N of all versions, without looking into any. */
    public List<String> references() throws IOException {
        List<String> references = new ArrayList<>();
        for (String name : folders(root)) {
            if (NAME.matcher(name).matches()) {
                numbers(name).forEach(number -> references.add(name + "@" + number));
            }
        }
        return references;
    }

    /** Reads every file of a version and checks its digest. */
    public void verify(String reference) throws IOException {
        Path path = locate(reference);
        Manifest.of(path, conf).verify(path, conf);
    }

    /** A version by "name" (its newest) or "name@3" or "name@v3". */
    public Version find(String reference) throws IOException {
        Path path = locate(reference);
        int number = Integer.parseInt(path.getName().substring(1));
        return new Version(path.getParent().getName(), number, path, ModelArtifact.describe(path, conf));
    }

    private Path locate(String reference) throws IOException {
        String[] parts = reference.split("@", 2);
        String name = checkName(parts[0]);
        int newest = newest(name)
                .orElseThrow(() -> new BadInputException(
                        "There is no model '" + name + "' in " + root + ". 'resnet models list' shows what there is."));
        if (parts.length == 1) {
            return path(name, newest);
        }
        Matcher number = Pattern.compile("v?([0-9]{1,9})").matcher(parts[1]);
        if (!number.matches() || !files.exists(path(name, Integer.parseInt(number.group(1))))) {
            throw new BadInputException("There is no version '" + parts[1] + "' of " + name + " in " + root
                    + "; there are " + numbers(name) + ".");
        }
        return path(name, Integer.parseInt(number.group(1)));
    }

    private Path path(String name, int number) {
        return new Path(new Path(root, name), "v" + number);
    }

    private Optional<Integer> newest(String name) throws IOException {
        return numbers(name).stream().max(Comparator.naturalOrder());
    }

    private List<Integer> numbers(String name) throws IOException {
        return folders(new Path(root, name)).stream()
                .map(VERSION::matcher)
                .filter(Matcher::matches)
                .map(version -> Integer.valueOf(version.group(1)))
                .sorted()
                .toList();
    }

    private List<String> folders(Path parent) throws IOException {
        if (!files.exists(parent)) {
            return List.of();
        }
        return Arrays.stream(files.listStatus(parent))
                .filter(FileStatus::isDirectory)
                .map(folder -> folder.getPath().getName())
                .sorted()
                .toList();
    }

    private static String checkName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new BadInputException("'" + name + "' cannot name a model: letters, digits, dot, dash and underscore,"
                    + " beginning with a letter or digit.");
        }
        return name;
    }
}
